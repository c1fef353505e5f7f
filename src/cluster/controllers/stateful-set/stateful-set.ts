/** The StatefulSet controller: pods with lasting names and claims, in order. */
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '#clients/kubernetes/resources.table.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { candidatesFor, indexOrphans, ownerKeys } from '../workloads/owned-objects.ts'
import { selectorMatches } from '../workloads/selector-of.ts'
import { planStatefulSet } from './plan-stateful-set.ts'

/** Starts the controller. */
export function startStatefulSetController(context: ControllerContext): Controller {
  const { informers, clock } = context
  const cache = informers.of(statefulSets)
  const podCache = informers.of(pods)
  const claims = informers.of(persistentVolumeClaims)
  const revisions = informers.of(controllerRevisions)
  indexOrphans(podCache)
  indexOrphans(revisions)
  const owners = ownerKeys({
    owners: cache,
    kind: 'StatefulSet',
    selects: (set, pod) => selectorMatches(set.spec.selector, pod),
  })
  return createController(context, {
    name: 'statefulset',
    queue: countingQueue,
    watches: [
      watch(cache, ({ object }) => [keyOf(object)]),
      watch(podCache, owners),
      watch(revisions, owners),
      // Claims are read, not followed: their cache must be there.
      watch(claims, () => []),
    ],
    reconcile: (key) => {
      const set = cache.get(key)
      if (set === undefined) return nothingToDo
      return planStatefulSet({
        set,
        candidates: candidatesFor(podCache, set),
        claimNamed: (name) => claims.get(keyFrom(set.metadata.namespace, name)),
        revisions: candidatesFor(revisions, set),
        revisionNamed: (name) => revisions.get(keyFrom(set.metadata.namespace, name)),
        resources: { statefulSets, pods, claims: persistentVolumeClaims, revisions: controllerRevisions },
        nowMs: clock.now(),
      })
    },
  })
}
