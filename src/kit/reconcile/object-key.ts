/** Keys of objects in queues and caches: `namespace/name`, or `name` where the resource has no namespaces. */
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'

/** The key of an object. */
export function keyOf(object: Pick<KubernetesObject, 'metadata'>): string {
  return keyFrom(object.metadata.namespace, object.metadata.name ?? '')
}

/** The key of a name in a namespace; without a namespace the name alone. */
export function keyFrom(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}

/** The parts of a key. */
export function splitKey(key: string): { readonly namespace: string | undefined; readonly name: string } {
  const slash = key.indexOf('/')
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/**
 * Orders two resource versions of one server: below, equal or above zero. Versions are decimal numbers that may be
 * compared (KEP-5504); text that is none counts as newer, so that nothing is lost.
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return 1
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : 1
}
