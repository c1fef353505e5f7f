/** Decides what becomes of a claim whose pods come and go: reservations end with them, devices with the last one. Pure. */
import { resourceClaims } from '#clients/kubernetes/resources.table.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ResourceClaim, ResourceClaimConsumerReference } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { type Action, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { claimFinalizer, isPodDone } from './pod-claims.ts'

export interface ClaimView {
  readonly claim: ResourceClaim
  /** The pod of that name, if there is one. */
  readonly podNamed: (name: string) => Pod | undefined
}

/** Consumers that are no pods are somebody else's to judge. */
function stillUses(view: ClaimView, consumer: ResourceClaimConsumerReference): boolean {
  if ((consumer.apiGroup ?? '') !== '' || consumer.resource !== 'pods') return true
  const pod = view.podNamed(consumer.name)
  return pod !== undefined && pod.metadata.uid === consumer.uid && !isPodDone(pod)
}

/** The plan for a claim. */
export function planClaim(view: ClaimView): Plan {
  const { claim } = view
  const before = claim.status?.reservedFor ?? []
  const reservedFor = before.filter((consumer) => stillUses(view, consumer))
  const isFree = reservedFor.length === 0
  const isGoing = claim.metadata.deletionTimestamp !== undefined
  const hasShrunk = reservedFor.length < before.length
  const actions = [
    ...release(claim, { reservedFor, hasShrunk, gives: isFree && (hasShrunk || isGoing) }),
    ...(isFree && !isGoing && isOwnerDone(view)
      ? [{ do: 'delete', resource: resourceClaims, object: claim } as const]
      : []),
  ]
  return actions.length === 0 ? nothingToDo : { subject: claim, actions }
}

/** Takes reservations out; `gives` takes the devices of a claim that nobody uses, and what kept it from going. */
function release(
  claim: ResourceClaim,
  {
    reservedFor,
    hasShrunk,
    gives,
  }: {
    readonly reservedFor: readonly ResourceClaimConsumerReference[]
    readonly hasShrunk: boolean
    readonly gives: boolean
  },
): readonly Action[] {
  const { finalizers = [] } = claim.metadata
  const { allocation, reservedFor: _, ...rest } = claim.status ?? {}
  // Devices that the scheduler did not allocate are not ours to take.
  const takes = gives && finalizers.includes(claimFinalizer)
  const actions: Action[] = []
  if (hasShrunk || (takes && allocation !== undefined)) {
    const kept = takes || allocation === undefined ? {} : { allocation }
    const status = { ...rest, ...kept, ...(reservedFor.length === 0 ? {} : { reservedFor }) }
    actions.push({ do: 'update-status', resource: resourceClaims, object: { ...claim, status } })
  }
  if (takes) {
    const metadata = { ...claim.metadata, finalizers: finalizers.filter((one) => one !== claimFinalizer) }
    actions.push({ do: 'update', resource: resourceClaims, object: { ...claim, metadata } })
  }
  return actions
}

/** A claim that was made for a pod is of no use when the pod will not run; one whose pod is gone is garbage already. */
function isOwnerDone({ claim, podNamed }: ClaimView): boolean {
  const owner = claim.metadata.ownerReferences?.find(({ kind, controller }) => kind === 'Pod' && controller === true)
  const pod = owner === undefined ? undefined : podNamed(owner.name)
  return pod !== undefined && (pod.metadata.uid !== owner?.uid || isPodDone(pod))
}
