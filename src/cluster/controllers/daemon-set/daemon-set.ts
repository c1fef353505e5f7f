/** The DaemonSet controller: a pod on every node that wants one. */
import { controllerRevisions, daemonSets, nodes, pods } from '#clients/kubernetes/resources.table.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { candidatesFor, indexOrphans, ownerKeys } from '../workloads/owned-objects.ts'
import { selectorMatches } from '../workloads/selector-of.ts'
import { planDaemonSet } from './plan-daemon-set.ts'

/** Starts the controller. */
export function startDaemonSetController(context: ControllerContext): Controller {
  const { informers, clock } = context
  const cache = informers.of(daemonSets)
  const podCache = informers.of(pods)
  const nodeCache = informers.of(nodes)
  const revisions = informers.of(controllerRevisions)
  indexOrphans(podCache)
  indexOrphans(revisions)
  const owners = ownerKeys({
    owners: cache,
    kind: 'DaemonSet',
    selects: (set, pod) => selectorMatches(set.spec.selector, pod),
  })
  return createController(context, {
    name: 'daemonset',
    queue: countingQueue,
    watches: [
      watch(cache, ({ object }) => [keyOf(object)]),
      watch(podCache, owners),
      watch(revisions, owners),
      watch(nodeCache, ({ object, previous }) => {
        // Heartbeats change nothing that decides where daemons run.
        const isSame =
          previous !== undefined &&
          equalValues(previous.spec, object.spec) &&
          equalValues(previous.metadata.labels, object.metadata.labels)
        return isSame ? [] : cache.list().map(keyOf)
      }),
    ],
    reconcile: (key) => {
      const set = cache.get(key)
      if (set === undefined) return nothingToDo
      return planDaemonSet({
        set,
        candidates: candidatesFor(podCache, set),
        nodes: nodeCache.list(),
        revisions: candidatesFor(revisions, set),
        revisionNamed: (name) => revisions.get(keyFrom(set.metadata.namespace, name)),
        resources: { daemonSets, pods, revisions: controllerRevisions },
        nowMs: clock.now(),
      })
    },
  })
}
