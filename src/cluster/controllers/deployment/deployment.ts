/** The Deployment controller: rolls a template out through ReplicaSets. */
import { deployments, pods, replicaSets } from '#clients/kubernetes/resources.table.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { controllerOf } from '#kit/reconcile/owner-references.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { candidatesFor, indexOrphans, ownerKeys } from '../workloads/owned-objects.ts'
import { selectorMatches } from '../workloads/selector-of.ts'
import { planDeployment } from './plan-deployment.ts'

/** Starts the controller. */
export function startDeploymentController(context: ControllerContext): Controller {
  const { informers, clock } = context
  const cache = informers.of(deployments)
  const sets = informers.of(replicaSets)
  const podCache = informers.of(pods)
  indexOrphans(sets)
  const owners = ownerKeys({
    owners: cache,
    kind: 'Deployment',
    selects: (owner, set) => selectorMatches(owner.spec.selector, set),
  })
  return createController(context, {
    name: 'deployment',
    queue: countingQueue,
    watches: [
      watch(cache, (change) => [keyOf(change.object)]),
      watch(sets, owners),
      // With Recreate the last old pod that goes lets the new ones come.
      watch(podCache, ({ type, object }) => {
        const owner = controllerOf(object)
        if (type !== 'deleted' || owner?.kind !== 'ReplicaSet') return []
        const set = sets.get(keyFrom(object.metadata.namespace, owner.name))
        return set === undefined ? [] : owners({ type: 'updated', object: set })
      }),
    ],
    reconcile: (key) => {
      const deployment = cache.get(key)
      if (deployment === undefined) return nothingToDo
      return planDeployment({
        deployment,
        candidates: candidatesFor(sets, deployment),
        podsOf: (set) => podCache.controlledBy(set.metadata.uid ?? ''),
        setNamed: (name) => sets.get(keyFrom(deployment.metadata.namespace, name)),
        resources: { deployments, replicaSets },
        nowMs: clock.now(),
      })
    },
  })
}
