/** Finalizers: names that keep a deleted object until whoever owns them has cleaned up. */
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'

/** True when the object waits for its finalizers (or its grace period) to end. */
export function isBeingDeleted(object: Pick<KubernetesObject, 'metadata'>): boolean {
  return object.metadata.deletionTimestamp !== undefined
}

/** True when the object carries a finalizer. */
export function hasFinalizer(object: Pick<KubernetesObject, 'metadata'>, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false
}

/** The object with a finalizer; the same object when it has it already. */
export function withFinalizer<T extends KubernetesObject>(object: T, finalizer: string): T {
  if (hasFinalizer(object, finalizer)) return object
  return { ...object, metadata: { ...object.metadata, finalizers: [...(object.metadata.finalizers ?? []), finalizer] } }
}

/** The object without a finalizer; the same object when it has none of that name. */
export function withoutFinalizer<T extends KubernetesObject>(object: T, finalizer: string): T {
  if (!hasFinalizer(object, finalizer)) return object
  const { finalizers = [], ...metadata } = object.metadata
  const rest = finalizers.filter((name) => name !== finalizer)
  return { ...object, metadata: rest.length === 0 ? metadata : { ...metadata, finalizers: rest } }
}
