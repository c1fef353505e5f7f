/**
 * Who owns whom, across all resources: objects by uid, and dependents by the uid of their owners. Fed by changes of
 * caches; answers which objects a change makes worth a look.
 */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { hasFinalizer, isBeingDeleted } from '#kit/reconcile/finalizers.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'

export const foregroundFinalizer = 'foregroundDeletion'
export const orphanFinalizer = 'orphan'

/** One object in the graph. */
export interface GraphNode {
  readonly resource: ApiResource
  readonly object: KubernetesObject
}

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #dependents = new Map<string, Set<string>>()

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  /** Objects that name this uid as an owner. */
  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? [])
  }

  /** Takes a change in. Returns the uids to look at. */
  apply(resource: ApiResource, { type, object, previous }: CacheChange<KubernetesObject>): readonly string[] {
    const uid = object.metadata.uid ?? ''
    if (type === 'updated' && previous !== undefined && isTiedAlike(previous, object)) {
      this.#nodes.set(uid, { resource, object })
      return []
    }
    const before = ownersOf(previous)
    const after = type === 'deleted' ? [] : ownersOf(object)
    for (const owner of before) this.#unlink(owner, uid)
    for (const owner of after) this.#link(owner, uid)
    if (type === 'deleted') this.#nodes.delete(uid)
    else this.#nodes.set(uid, { resource, object })
    return type === 'deleted' ? this.#afterDeletion(uid, before) : this.#afterChange(object, before)
  }

  /** Everything of a resource that is served no more. */
  forget(resource: ApiResource): readonly string[] {
    const uids: string[] = []
    for (const [, node] of this.#nodes) {
      if (node.resource.group !== resource.group || node.resource.resource !== resource.resource) continue
      uids.push(...this.apply(resource, { type: 'deleted', object: node.object, previous: node.object }))
    }
    return uids
  }

  #afterDeletion(uid: string, owners: readonly string[]): readonly string[] {
    const dependents = this.#dependents.get(uid) ?? []
    return [...dependents, ...owners.filter((owner) => this.#isWaiting(owner))]
  }

  #afterChange(object: KubernetesObject, before: readonly string[]): readonly string[] {
    const uid = object.metadata.uid ?? ''
    const looks: string[] = []
    if (ownersOf(object).length > 0) looks.push(uid)
    if (isBeingDeleted(object) && (hasFinalizer(object, foregroundFinalizer) || hasFinalizer(object, orphanFinalizer)))
      looks.push(uid, ...(this.#dependents.get(uid) ?? []))
    // Owners that wait for their dependents look again when one lets them go.
    for (const owner of [...before, ...ownersOf(object)]) if (this.#isWaiting(owner)) looks.push(owner)
    return [...new Set(looks)]
  }

  #isWaiting(uid: string): boolean {
    const node = this.#nodes.get(uid)
    return node !== undefined && isBeingDeleted(node.object)
  }

  #link(owner: string, dependent: string): void {
    const known = this.#dependents.get(owner)
    if (known === undefined) this.#dependents.set(owner, new Set([dependent]))
    else known.add(dependent)
  }

  #unlink(owner: string, dependent: string): void {
    const known = this.#dependents.get(owner)
    known?.delete(dependent)
    if (known?.size === 0) this.#dependents.delete(owner)
  }
}

/** Heartbeats and statuses change nothing of who lives by whom. */
function isTiedAlike({ metadata: a }: KubernetesObject, { metadata: b }: KubernetesObject): boolean {
  return (
    a.uid === b.uid &&
    a.deletionTimestamp === b.deletionTimestamp &&
    isDeepStrictEqual(a.ownerReferences, b.ownerReferences) &&
    isDeepStrictEqual(a.finalizers, b.finalizers)
  )
}

function ownersOf(object: KubernetesObject | undefined): readonly string[] {
  return (object?.metadata.ownerReferences ?? []).map((reference) => reference.uid)
}
