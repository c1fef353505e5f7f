/** The garbage collector: follows every deletable resource and deletes what lost its last owner. */
import { customResourceDefinitions, events } from '#clients/kubernetes/resources.table.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import type { KubernetesObject, OwnerReference } from '#spec/kubernetes/objects/objects.ts'
import { type ApiResource, resourceId } from '#kit/reconcile/api-client.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { type Controller, createController } from '#kit/reconcile/controller.ts'
import { hasFinalizer, isBeingDeleted } from '#kit/reconcile/finalizers.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { builtInCatalogue, customResource } from '../resource-catalogue.ts'
import { foregroundFinalizer, type GraphNode, OwnerGraph } from './owner-graph.ts'
import { type OwnerState, planCollection } from './plan-collection.ts'

/** Owners known to be gone: uids never come back. */
const absentMost = 500

/** Starts the controller. */
export function startGarbageCollector(context: ControllerContext): Controller {
  const graph = new OwnerGraph()
  const followed = new Map<string, { readonly resource: ApiResource; readonly ending: Disposable }>()
  const absent = new LruCache<string, true>({ capacity: absentMost })
  const controller = createController(context, {
    name: 'garbagecollector',
    watches: [],
    workers: 20,
    reconcile: async (uid) => {
      const node = graph.get(uid)
      if (node === undefined) return nothingToDo
      const references = isBeingDeleted(node.object) ? [] : (node.object.metadata.ownerReferences ?? [])
      const look = {
        context,
        graph,
        absent,
        resourceOf: (reference: OwnerReference) => resourceOf(reference, followed),
      }
      const owners = await Promise.all(
        references.map(async (reference) => ({ reference, state: await stateOf(reference, node, look) })),
      )
      const isUnknown = owners.some(({ state }) => state === 'unknown')
      const plan = planCollection({ node, owners, dependents: graph.dependentsOf(uid) })
      return isUnknown ? { ...plan, lookAgainAfterMs: 30_000 } : plan
    },
  })
  const follow = (resource: ApiResource): void => {
    if (followed.has(resourceId(resource))) return
    const ending = context.informers.of(resource).onChange((change) => {
      for (const uid of graph.apply(resource, change)) controller.wake(uid)
    })
    followed.set(resourceId(resource), { resource, ending })
  }
  for (const resource of builtInCatalogue()) if (resourceId(resource) !== resourceId(events)) follow(resource)
  const definitions = context.informers.of(customResourceDefinitions).onChange(({ type, object }) => {
    const resource = customResource(object)
    if (resource === undefined) return
    if (type !== 'deleted') {
      follow(resource)
      return
    }
    const known = followed.get(resourceId(resource))
    known?.ending[Symbol.dispose]()
    followed.delete(resourceId(resource))
    for (const uid of graph.forget(resource)) controller.wake(uid)
    context.informers.drop(resource).catch((error: unknown) => context.log.warn('informer did not end', { error }))
  })
  return {
    name: controller.name,
    wake: (key) => controller.wake(key),
    get isIdle() {
      return controller.isIdle
    },
    async [Symbol.asyncDispose]() {
      definitions[Symbol.dispose]()
      for (const { ending } of followed.values()) ending[Symbol.dispose]()
      await controller[Symbol.asyncDispose]()
    },
  }
}

function resourceOf(
  reference: OwnerReference,
  followed: ReadonlyMap<string, { readonly resource: ApiResource }>,
): ApiResource | undefined {
  const slash = reference.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : reference.apiVersion.slice(0, slash)
  for (const { resource } of followed.values())
    if (resource.group === group && resource.kind === reference.kind) return resource
  return undefined
}

interface Look {
  readonly context: ControllerContext
  readonly graph: OwnerGraph
  readonly absent: LruCache<string, true>
  readonly resourceOf: (reference: OwnerReference) => ApiResource | undefined
}

/** What an owner's state is; one that the graph does not know is asked for at the server. */
async function stateOf(reference: OwnerReference, { object }: GraphNode, look: Look): Promise<OwnerState> {
  const namespace = object.metadata.namespace ?? ''
  const known = look.graph.get(reference.uid)
  return known === undefined ? stateAtServer(reference, namespace, look) : stateInGraph(known.object, namespace)
}

function stateInGraph(owner: KubernetesObject, namespace: string): OwnerState {
  const ownerNamespace = owner.metadata.namespace ?? ''
  if (ownerNamespace !== '' && ownerNamespace !== namespace) return namespace === '' ? 'unknown' : 'elsewhere'
  return isBeingDeleted(owner) && hasFinalizer(owner, foregroundFinalizer) ? 'waiting' : 'solid'
}

async function stateAtServer(reference: OwnerReference, namespace: string, look: Look): Promise<OwnerState> {
  const resource = look.resourceOf(reference)
  if (resource === undefined || (resource.namespaced && namespace === '')) return 'unknown'
  const key = `${namespace}/${reference.uid}`
  if (look.absent.has(key)) return 'absent'
  try {
    const place = resource.namespaced ? { namespace } : {}
    const live = await look.context.client.get<KubernetesObject>(resource, reference.name, place)
    if (live.metadata.uid === reference.uid) return 'solid'
  } catch (error) {
    if (!isGone(error)) throw error
  }
  look.absent.set(key, true)
  return 'absent'
}
