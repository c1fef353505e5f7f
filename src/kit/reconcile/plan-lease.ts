/**
 * Decides one round of leader election on a Lease (coordination.k8s.io/v1): take it, renew it, or wait. A lease counts as
 * held for its duration after this candidate last saw it change, on its own clock, so that clocks need not agree.
 */
import type { Lease } from '#spec/kubernetes/objects/coordination-v1.generated.ts'
import { apiMicroTime } from './api-time.ts'

/** What a candidate has seen of the lease. */
export interface LeaseView {
  readonly lease: Lease | undefined
  /** When the lease was last seen to change, on the candidate's monotonic clock. */
  readonly changedMs: number
}

export interface Candidate {
  readonly identity: string
  readonly name: string
  readonly namespace: string
  readonly leaseDurationMs: number
}

export type LeaseMove =
  | { readonly do: 'create' | 'update'; readonly lease: Lease; readonly isNewTerm: boolean }
  | { readonly do: 'wait'; readonly holder: string }

/** What to do about the lease now. */
export function planLease(
  candidate: Candidate,
  view: LeaseView,
  at: { readonly nowMs: number; readonly monotonicMs: number },
): LeaseMove {
  const { identity, leaseDurationMs } = candidate
  const now = apiMicroTime(at.nowMs)
  const { lease } = view
  const holder = lease?.spec?.holderIdentity ?? ''
  const seconds = Math.max(1, Math.round(leaseDurationMs / 1000))
  if (lease === undefined) {
    return {
      do: 'create',
      isNewTerm: true,
      lease: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: candidate.name, namespace: candidate.namespace },
        spec: {
          holderIdentity: identity,
          leaseDurationSeconds: seconds,
          acquireTime: now,
          renewTime: now,
          leaseTransitions: 0,
        },
      },
    }
  }
  if (holder === identity)
    return {
      do: 'update',
      isNewTerm: false,
      lease: { ...lease, spec: { ...lease.spec, leaseDurationSeconds: seconds, renewTime: now } },
    }
  const heldMs = (lease.spec?.leaseDurationSeconds ?? seconds) * 1000
  if (holder !== '' && at.monotonicMs - view.changedMs < heldMs) return { do: 'wait', holder }
  const leaseTransitions = (lease.spec?.leaseTransitions ?? 0) + 1
  return {
    do: 'update',
    isNewTerm: true,
    lease: {
      ...lease,
      spec: {
        ...lease.spec,
        holderIdentity: identity,
        leaseDurationSeconds: seconds,
        acquireTime: now,
        renewTime: now,
        leaseTransitions,
      },
    },
  }
}

/** The lease given back: anyone may take it at once. */
export function releasedLease(lease: Lease, nowMs: number): Lease {
  const now = apiMicroTime(nowMs)
  return { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now } }
}
