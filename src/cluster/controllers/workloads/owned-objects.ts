/** From objects to the workloads that own or might own them, and back. */
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { Informer, Lister } from '#kit/reconcile/informer.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { controllerOf } from '#kit/reconcile/owner-references.ts'

const orphanIndex = 'without-controller'

/** Lets objects without a controller be found by namespace, for adoption. */
export function indexOrphans<T extends KubernetesObject>(informer: Informer<T>): void {
  informer.addIndex(orphanIndex, (object) =>
    controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [],
  )
}

/** What an owner controls or might adopt. The informer must have been given to `indexOrphans`. */
export function candidatesFor<T extends KubernetesObject>(lister: Lister<T>, owner: KubernetesObject): readonly T[] {
  const orphans = lister.byIndex(orphanIndex, owner.metadata.namespace ?? '')
  return [...lister.controlledBy(owner.metadata.uid ?? ''), ...orphans]
}

export interface OwnerLookup<T extends KubernetesObject> {
  readonly owners: Lister<T>
  readonly kind: string
  /** True when the owner's selector selects the object: it may want to adopt it. */
  readonly selects: (owner: T, object: KubernetesObject) => boolean
}

/** Keys of the owners that a change of an object concerns: its controller before and after, or those that may adopt it. */
export function ownerKeys<T extends KubernetesObject>(
  lookup: OwnerLookup<T>,
): (change: CacheChange<KubernetesObject>) => readonly string[] {
  return ({ type, object, previous }) => {
    const keys = new Set<string>()
    for (const version of [object, previous]) {
      const key = version === undefined ? undefined : controllerKey(lookup, version)
      if (key !== undefined) keys.add(key)
    }
    if (controllerOf(object) !== undefined || type === 'deleted') return [...keys]
    for (const owner of lookup.owners.list(object.metadata.namespace ?? '')) {
      if (lookup.selects(owner, object)) keys.add(keyOf(owner))
    }
    return [...keys]
  }
}

function controllerKey<T extends KubernetesObject>(
  lookup: OwnerLookup<T>,
  object: KubernetesObject,
): string | undefined {
  const controller = controllerOf(object)
  if (controller === undefined || controller.kind !== lookup.kind) return undefined
  const key = keyFrom(object.metadata.namespace, controller.name)
  return lookup.owners.get(key)?.metadata.uid === controller.uid ? key : undefined
}
