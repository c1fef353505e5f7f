/** Which quotas a change can make wrong: most updates change neither what an object counts for nor where it counts. */
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import type { ResourceQuota } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { amountsText } from '#base/data/amounts.ts'
import { inScopes, type QuotaResource, usageOf } from '#spec/kubernetes/quota/quota-usage.ts'

/** Resources whose objects can come to count for something else; all others count for what they were made as. */
const changing: ReadonlySet<string> = new Set(['pods', 'services', 'persistentvolumeclaims'])

export interface CountedChange {
  readonly change: CacheChange<KubernetesObject>
  readonly resource: QuotaResource
  readonly nowMs: number
}

/** Those of a namespace's quotas that have to count again. */
export function quotasToLookAt(
  quotas: readonly ResourceQuota[],
  { change: { type, object, previous }, resource, nowMs }: CountedChange,
): readonly ResourceQuota[] {
  if (type !== 'updated' || previous === undefined) return quotas
  if (resource.group !== '' || !changing.has(resource.resource)) return []
  if (amountsText(usageOf(resource, object, { nowMs })) !== amountsText(usageOf(resource, previous, { nowMs })))
    return quotas
  return quotas.filter((quota) => inScopes(resource, object, quota) !== inScopes(resource, previous, quota))
}
