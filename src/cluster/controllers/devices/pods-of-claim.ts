/** Pods by the resource claims that they name. */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Informer } from '#kit/reconcile/informer.ts'
import { keyFrom } from '#kit/reconcile/object-key.ts'
import { podClaims } from './pod-claims.ts'

export const byClaim = 'resource claim'

/** Keys of the claims that a pod names. */
export function claimKeys(pod: Pod): readonly string[] {
  return podClaims(pod).flatMap(({ claim }) =>
    typeof claim === 'string' ? [keyFrom(pod.metadata.namespace, claim)] : [],
  )
}

/** Makes `byIndex(byClaim, key)` answer with the pods that name a claim. */
export function indexByClaim(cache: Informer<Pod>): void {
  cache.addIndex(byClaim, claimKeys)
}
