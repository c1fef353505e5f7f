/** The resource claim controller: makes the claims of pods from templates, and frees claims that no pod needs any more. */
import { pods, resourceClaims, resourceClaimTemplates } from '#clients/kubernetes/resources.table.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { isPodDone, podClaims } from './pod-claims.ts'
import { planClaim } from './plan-claim.ts'
import { planPodClaims } from './plan-pod-claims.ts'
import { byClaim, claimKeys, indexByClaim } from './pods-of-claim.ts'

const byTemplate = 'resource claim template'
const workers = 10

const hasClaims = ({ spec }: Pod): boolean => (spec.resourceClaims ?? []).length > 0

function templateKeys(pod: Pod): readonly string[] {
  return podClaims(pod).flatMap(({ template }) =>
    template === undefined ? [] : [keyFrom(pod.metadata.namespace, template)],
  )
}

/** Keys of the pods that a claim was made for. */
function ownerKeys({ metadata }: ResourceClaim): readonly string[] {
  const owners = (metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Pod')
  return owners.map(({ name }) => keyFrom(metadata.namespace, name))
}

/** Starts to look after the claims that pods ask for. */
export function startPodClaims(context: ControllerContext): Controller {
  const podCache = context.informers.of(pods)
  const claims = context.informers.of(resourceClaims)
  const templates = context.informers.of(resourceClaimTemplates)
  indexByClaim(podCache)
  podCache.addIndex(byTemplate, templateKeys)
  return createController(context, {
    name: 'resourceclaim-pods',
    workers,
    watches: [
      watch(templates, ({ object }) => podCache.byIndex(byTemplate, keyOf(object)).map(keyOf)),
      watch(claims, ({ object }) => [...podCache.byIndex(byClaim, keyOf(object)).map(keyOf), ...ownerKeys(object)]),
      watch(podCache, ({ type, object }) => (type !== 'deleted' && hasClaims(object) ? [keyOf(object)] : [])),
    ],
    reconcile: (key) => {
      const pod = podCache.get(key)
      if (pod === undefined || !hasClaims(pod)) return nothingToDo
      const { namespace, uid = '' } = pod.metadata
      return planPodClaims({
        pod,
        made: claims.controlledBy(uid),
        claimNamed: (name) => claims.get(keyFrom(namespace, name)),
        templateNamed: (name) => templates.get(keyFrom(namespace, name)),
      })
    },
  })
}

/** Starts to look after claims whose pods come and go. */
export function startClaimRelease(context: ControllerContext): Controller {
  const { informers, client } = context
  const podCache = informers.of(pods)
  const claims = informers.of(resourceClaims)
  const lookUp = async (name: string, namespace: string | undefined): Promise<Pod | undefined> => {
    try {
      return await client.get(pods, name, { namespace })
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
  }
  /** Pods that a claim names; what the cache does not have is asked of the server, lest a pod lose its devices. */
  const podsOf = async ({ metadata, status }: ResourceClaim): Promise<ReadonlyMap<string, Pod>> => {
    const consumers = (status?.reservedFor ?? []).filter(({ resource }) => resource === 'pods')
    const owners = (metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Pod')
    const found = new Map<string, Pod>()
    for (const { name } of [...consumers, ...owners]) {
      const pod = podCache.get(keyFrom(metadata.namespace, name)) ?? (await lookUp(name, metadata.namespace))
      if (pod !== undefined) found.set(name, pod)
    }
    return found
  }
  return createController(context, {
    name: 'resourceclaim',
    workers,
    watches: [
      watch(claims, ({ type, object }) => (type === 'deleted' ? [] : [keyOf(object)])),
      watch(podCache, ({ type, object }) =>
        hasClaims(object) && (type === 'deleted' || isPodDone(object)) ? claimKeys(object) : [],
      ),
    ],
    reconcile: async (key) => {
      const claim = claims.get(key)
      if (claim === undefined) return nothingToDo
      const found = await podsOf(claim)
      return planClaim({ claim, podNamed: (name) => found.get(name) })
    },
  })
}
