/** Carries out what the plugins for volumes and claims promised: the writes before a pod is bound. */
import { persistentVolumeClaims, persistentVolumes, pods, resourceClaims } from '#clients/kubernetes/resources.table.ts'
import type { ApiClient } from '#kit/reconcile/api-client.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import type { Informer } from '#kit/reconcile/informer.ts'
import type { PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import type { Clock } from '#world/ports/clock.ts'
import { createDeviceMatcher } from './device-selector.ts'
import type { ClaimWriter } from './plugins/dynamic-resources.ts'
import {
  type BindWait,
  provisioningFailed,
  volumesNotBound,
  type VolumePlan,
  type VolumeWriter,
} from './plugins/volume-binding.ts'

const selectedNode = 'volume.kubernetes.io/selected-node'

export interface VolumeWriterDeps {
  readonly client: ApiClient
  readonly clock: Clock
  readonly claims: Informer<PersistentVolumeClaim>
}

const keyOfClaim = ({ metadata }: PersistentVolumeClaim): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** Writes claimRefs and selected nodes, then waits for the binder or provisioner. */
export function createVolumeWriter({ client, clock, claims }: VolumeWriterDeps): VolumeWriter {
  return {
    async carryOut(plan, wait) {
      await writePlan(plan, client)
      const wanted = new Set([...plan.bind.map(({ claim }) => claim), ...plan.provision].map(keyOfClaim))
      await waitUntilBound(wanted, { claims, clock, ...wait, nodeName: plan.nodeName })
    },
  }
}

async function writePlan({ bind, provision, nodeName }: VolumePlan, client: ApiClient): Promise<void> {
  for (const { volume, claim } of bind) {
    const { namespace = '', name, uid = '' } = claim.metadata
    const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid }
    const patch = {
      metadata: {
        resourceVersion: volume.metadata.resourceVersion,
        annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' },
      },
      spec: { claimRef },
    }
    // In order: a conflict has to leave the rest untouched.
    await client.patch(persistentVolumes, volume.metadata.name, patch, { type: 'merge' })
  }
  for (const { metadata } of provision) {
    const patch = { metadata: { annotations: { [selectedNode]: nodeName } } }
    await client.patch(persistentVolumeClaims, metadata.name, patch, { namespace: metadata.namespace, type: 'merge' })
  }
}

interface Waiting extends BindWait {
  readonly claims: Informer<PersistentVolumeClaim>
  readonly clock: Clock
  readonly nodeName: string
}

async function waitUntilBound(
  wanted: Set<string>,
  { claims, clock, signal, mostMs, nodeName }: Waiting,
): Promise<void> {
  const done = Promise.withResolvers<void>()
  const ordered = new Set<string>()
  const look = (claim: PersistentVolumeClaim): void => {
    if (!wanted.has(keyOfClaim(claim))) return
    // A provisioner that fails takes the node off the claim: another one may do better.
    const isOrdered = claim.metadata.annotations?.[selectedNode] === nodeName
    if (isOrdered) ordered.add(keyOfClaim(claim))
    else if (ordered.has(keyOfClaim(claim))) done.reject(provisioningFailed(claim.metadata.name))
    const isBound = claim.status?.phase === 'Bound' && (claim.spec?.volumeName ?? '') !== ''
    if (isBound && wanted.delete(keyOfClaim(claim)) && wanted.size === 0) done.resolve()
  }
  using _subscription = claims.onChange(({ type, object }) => {
    if (type === 'deleted' && wanted.has(keyOfClaim(object))) done.reject(volumesNotBound(undefined))
    else look(object)
  })
  using _timer = clock.setTimer(mostMs, () => done.reject(volumesNotBound(undefined)))
  const onAbort = (): void => done.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await done.promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

const claimFinalizer = 'resource.kubernetes.io/delete-protection'

/** A claim must not vanish while it has devices. */
async function protectClaim(client: VolumeWriterDeps['client'], claim: ResourceClaim): Promise<ResourceClaim> {
  const { finalizers = [], namespace } = claim.metadata
  if (finalizers.includes(claimFinalizer)) return claim
  const metadata = { ...claim.metadata, finalizers: [...finalizers, claimFinalizer] }
  return client.update(resourceClaims, { ...claim, metadata }, { namespace })
}

/** Writes allocations and reservations of device claims. */
export function createClaimWriter({ client, clock }: Pick<VolumeWriterDeps, 'client' | 'clock'>): ClaimWriter {
  const reserve: ClaimWriter['reserve'] = async (claim, allocation, pod) => {
    const { namespace, name } = claim.metadata
    const read = await client.get(resourceClaims, name, { namespace })
    const current = allocation === undefined ? read : await protectClaim(client, read)
    const reservedFor = current.status?.reservedFor ?? []
    const isReserved = reservedFor.some(({ uid }) => uid === pod.uid)
    if (isReserved && allocation === undefined) return
    const status = {
      ...current.status,
      ...(allocation === undefined || current.status?.allocation !== undefined
        ? {}
        : { allocation: { ...allocation, allocationTimestamp: apiTime(clock.now()) } }),
      reservedFor: isReserved ? reservedFor : [...reservedFor, { resource: 'pods', name: pod.name, uid: pod.uid }],
    }
    await client.updateStatus(resourceClaims, { ...current, status }, { namespace })
  }
  return {
    matchesDevice: createDeviceMatcher(),
    reserve,
    async deallocate(claim) {
      const { allocation: _, reservedFor: __, devices: ___, ...status } = claim.status ?? {}
      await client.updateStatus(resourceClaims, { ...claim, status }, { namespace: claim.metadata.namespace })
    },
    async claimExtended({ claim, allocation, mappings }, pod) {
      const { name: _, ...metadata } = claim.metadata
      const { namespace } = pod
      // A claim that is not used in the end is found and removed by the pod's next attempt.
      const made = await client.create(resourceClaims, { ...claim, metadata } as ResourceClaim, { namespace })
      await reserve(made, allocation, pod)
      const extendedResourceClaimStatus = { requestMappings: mappings, resourceClaimName: made.metadata.name }
      const place = { namespace, type: 'strategic', subresource: 'status' } as const
      await client.patch(pods, pod.name, { status: { extendedResourceClaimStatus } }, place)
    },
    async discard(claim) {
      const { finalizers = [], namespace, name } = claim.metadata
      const kept = finalizers.filter((finalizer) => finalizer !== claimFinalizer)
      if (kept.length < finalizers.length) {
        await client.update(
          resourceClaims,
          { ...claim, metadata: { ...claim.metadata, finalizers: kept } },
          { namespace },
        )
      }
      await client.delete(resourceClaims, name, { namespace })
    },
  }
}
