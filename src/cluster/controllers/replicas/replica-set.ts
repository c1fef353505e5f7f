/** The ReplicaSet controller: keeps the wanted number of pods of each set. */
import { pods, replicaSets } from '#clients/kubernetes/resources.table.ts'
import type { ReplicaSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { Lister } from '#kit/reconcile/informer.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { controllerOf } from '#kit/reconcile/owner-references.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { candidatesFor, indexOrphans, ownerKeys } from '../workloads/owned-objects.ts'
import { isPodActive } from '../workloads/pod-state.ts'
import { selectorMatches } from '../workloads/selector-of.ts'
import { planReplicas } from './plan-replicas.ts'

/** Starts the controller. */
export function startReplicaSetController(context: ControllerContext): Controller {
  const sets = context.informers.of(replicaSets)
  const podCache = context.informers.of(pods)
  indexOrphans(podCache)
  const owners = ownerKeys({
    owners: sets,
    kind: 'ReplicaSet',
    selects: (set, pod) => selectorMatches(set.spec.selector, pod),
  })
  return createController(context, {
    name: 'replicaset',
    queue: countingQueue,
    watches: [watch(sets, (change) => [keyOf(change.object)]), watch(podCache, owners)],
    reconcile: (key) => {
      const set = sets.get(key)
      return set === undefined ? nothingToDo : planFor(set, sets, { podCache, nowMs: context.clock.now() })
    },
  })
}

function planFor(
  set: ReplicaSet,
  sets: Lister<ReplicaSet>,
  { podCache, nowMs }: { readonly podCache: Lister<Pod>; readonly nowMs: number },
): Plan {
  const related = (): readonly Pod[] => {
    const owner = controllerOf(set)
    const siblings = owner === undefined ? [set] : sets.controlledBy(owner.uid)
    return siblings.flatMap((sibling) => podCache.controlledBy(sibling.metadata.uid ?? '')).filter(isPodActive)
  }
  const planned = planReplicas({ set, candidates: candidatesFor(podCache, set), related, pods, nowMs })
  return {
    ...planned.plan,
    status: {
      resource: replicaSets,
      ...(planned.status === undefined ? {} : { object: { ...set, status: planned.status } }),
      afterFailure: (failure) => ({ ...set, status: planned.statusAfterFailure(failure) }),
    },
  }
}
