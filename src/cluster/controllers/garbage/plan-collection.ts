/**
 * Decides what becomes of one object when its owners are gone or going, or when it is itself being deleted together with
 * its dependents (pkg/controller/garbagecollector, v1.36). Owners are told apart by uid.
 */
import type { KubernetesObject, OwnerReference } from '#spec/kubernetes/objects/objects.ts'
import { hasFinalizer, isBeingDeleted } from '#kit/reconcile/finalizers.ts'
import { type Action, type EventText, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { foregroundFinalizer, type GraphNode, orphanFinalizer } from './owner-graph.ts'

/** What is known of an owner: there, there and waiting for its dependents, not there, in another namespace, not to be found out. */
export type OwnerState = 'solid' | 'waiting' | 'absent' | 'elsewhere' | 'unknown'

export interface CollectionObserved {
  readonly node: GraphNode
  readonly owners: readonly { readonly reference: OwnerReference; readonly state: OwnerState }[]
  readonly dependents: readonly GraphNode[]
}

/** The plan for one object. */
export function planCollection(observed: CollectionObserved): Plan {
  const { object } = observed.node
  if (isBeingDeleted(object)) {
    if (hasFinalizer(object, orphanFinalizer)) return orphanDependents(observed)
    if (hasFinalizer(object, foregroundFinalizer)) return finishForeground(observed)
    return nothingToDo
  }
  return observed.owners.length === 0 ? nothingToDo : judgeOwners(observed)
}

function orphanDependents({ node, dependents }: CollectionObserved): Plan {
  const uid = node.object.metadata.uid
  const freed = dependents.map((dependent) => withOwners(dependent, (owner) => owner.uid !== uid))
  return { actions: [...freed, withoutOwnFinalizer(node, orphanFinalizer)] }
}

/** Gone with its last blocking dependent. Dependents look after themselves: each is brought here when its owner waits. */
function finishForeground({ node, dependents }: CollectionObserved): Plan {
  const uid = node.object.metadata.uid
  const isBlocked = dependents.some(({ object }) =>
    object.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
  )
  return isBlocked ? nothingToDo : { actions: [withoutOwnFinalizer(node, foregroundFinalizer)] }
}

function judgeOwners({ node, owners, dependents }: CollectionObserved): Plan {
  const { object, resource } = node
  const events = owners
    .filter(({ state }) => state === 'elsewhere')
    .map(({ reference }) => wrongNamespace(object, reference))
  const isHeld = owners.some(({ state }) => state === 'solid' || state === 'unknown')
  const gone = owners.filter(({ state }) => state === 'absent' || state === 'elsewhere' || state === 'waiting')
  if (gone.length === 0) return { subject: object, events }
  if (isHeld) {
    const uids = new Set(gone.map(({ reference }) => reference.uid))
    return { subject: object, events, actions: [withOwners(node, (owner) => !uids.has(owner.uid))] }
  }
  const isWaitedFor = owners.some(({ state }) => state === 'waiting')
  if (isWaitedFor && dependents.length > 0) {
    const isCircle = dependents.some(
      (dependent) => isBeingDeleted(dependent.object) && hasFinalizer(dependent.object, foregroundFinalizer),
    )
    const unblock: readonly Action[] = isCircle ? [unblocked(node)] : []
    return {
      subject: object,
      events,
      actions: [...unblock, { do: 'delete', resource, object, propagationPolicy: 'Foreground' }],
    }
  }
  return { subject: object, events, actions: [{ do: 'delete', resource, object, propagationPolicy: policyOf(object) }] }
}

function policyOf(object: KubernetesObject): 'Orphan' | 'Foreground' | 'Background' {
  if (hasFinalizer(object, orphanFinalizer)) return 'Orphan'
  return hasFinalizer(object, foregroundFinalizer) ? 'Foreground' : 'Background'
}

function wrongNamespace(object: KubernetesObject, owner: OwnerReference): EventText {
  const shown = `${owner.apiVersion}/${owner.kind}, namespace: ${object.metadata.namespace ?? ''}, name: ${owner.name}, uid: ${owner.uid}`
  const message = `ownerRef [${shown}] does not exist in namespace "${object.metadata.namespace ?? ''}"`
  return { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message }
}

function withOwners({ resource, object }: GraphNode, keep: (owner: OwnerReference) => boolean): Action {
  const left = (object.metadata.ownerReferences ?? []).filter(keep)
  return patchMetadata({ resource, object }, { ownerReferences: left.length === 0 ? null : left })
}

/** Nobody waits for this one any more: two that wait for each other would wait for ever. */
function unblocked({ resource, object }: GraphNode): Action {
  const ownerReferences = (object.metadata.ownerReferences ?? []).map((owner) => ({
    ...owner,
    blockOwnerDeletion: false,
  }))
  return patchMetadata({ resource, object }, { ownerReferences })
}

function withoutOwnFinalizer({ resource, object }: GraphNode, finalizer: string): Action {
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer)
  return patchMetadata({ resource, object }, { finalizers: finalizers.length === 0 ? null : finalizers })
}

/** Lists are replaced whole, so the patch holds only for the version that was read. */
function patchMetadata({ resource, object }: GraphNode, metadata: object): Action {
  const { uid, resourceVersion } = object.metadata
  return { do: 'patch', resource, object, type: 'merge', patch: { metadata: { uid, resourceVersion, ...metadata } } }
}
