/** Which resource claims a pod has, by their names in the pod. Pure (dynamic-resource-allocation/resourceclaim, v1.36). */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { isPodFinished } from '../workloads/pod-state.ts'

/** Says for which entry of a pod a claim was made. */
export const claimAnnotation = 'resource.kubernetes.io/pod-claim-name'
/** Keeps a claim that has devices. */
export const claimFinalizer = 'resource.kubernetes.io/delete-protection'
const reservedMost = 256

/** One entry of `spec.resourceClaims`. */
export interface PodClaim {
  readonly name: string
  /** Of the template that the claim is made from, where it is made for the pod. */
  readonly template: string | undefined
  /** Of the claim; undefined while it is not made, null when the pod turned out to need none. */
  readonly claim: string | undefined | null
}

/** The entries of a pod. */
export function podClaims({ spec, status }: Pod): readonly PodClaim[] {
  return (spec.resourceClaims ?? []).map(({ name, resourceClaimName, resourceClaimTemplateName }) => {
    const recorded = status?.resourceClaimStatuses?.find((one) => one.name === name)
    const made = recorded === undefined ? undefined : (recorded.resourceClaimName ?? null)
    return { name, template: resourceClaimTemplateName, claim: resourceClaimName ?? made }
  })
}

/** True when a claim was made for this very pod. */
export function isMadeFor(claim: ResourceClaim, pod: Pod): boolean {
  return (claim.metadata.ownerReferences ?? []).some(
    ({ kind, controller, uid }) => kind === 'Pod' && controller === true && uid === pod.metadata.uid,
  )
}

/** True when a pod will never use its claims (any more). */
export function isPodDone(pod: Pod): boolean {
  const isUnbound = (pod.spec.nodeName ?? '') === ''
  return isPodFinished(pod) || (pod.metadata.deletionTimestamp !== undefined && isUnbound)
}

/** True when a claim is reserved for a pod. */
export function isReservedFor({ status }: ResourceClaim, pod: Pod): boolean {
  return (status?.reservedFor ?? []).some(({ uid }) => uid === pod.metadata.uid)
}

/** True while one more may use a claim. */
export function hasRoom({ status }: ResourceClaim): boolean {
  return (status?.reservedFor ?? []).length < reservedMost
}
