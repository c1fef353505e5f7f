/** The ReplicationController controller: the ReplicaSet's rules for the older kind. */
import { pods, replicationControllers } from '#clients/kubernetes/resources.table.ts'
import type { ReplicaSet, ReplicaSetStatus } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type {
  Pod,
  ReplicationController,
  ReplicationControllerStatus,
} from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { candidatesFor, indexOrphans, ownerKeys } from '../workloads/owned-objects.ts'
import { isPodActive } from '../workloads/pod-state.ts'
import { selectorMatches } from '../workloads/selector-of.ts'
import { planReplicas } from './plan-replicas.ts'

/** Starts the controller. */
export function startReplicationController(context: ControllerContext): Controller {
  const controllers = context.informers.of(replicationControllers)
  const podCache = context.informers.of(pods)
  indexOrphans(podCache)
  const owners = ownerKeys({
    owners: controllers,
    kind: 'ReplicationController',
    selects: (owner, pod) => selectorMatches(selectorOf(owner), pod),
  })
  return createController(context, {
    name: 'replicationcontroller',
    queue: countingQueue,
    watches: [watch(controllers, (change) => [keyOf(change.object)]), watch(podCache, owners)],
    reconcile: (key): Plan => {
      const found = controllers.get(key)
      if (found === undefined) return nothingToDo
      const set = asReplicaSet(found)
      const related = (): readonly Pod[] => podCache.controlledBy(found.metadata.uid ?? '').filter(isPodActive)
      const planned = planReplicas({
        set,
        candidates: candidatesFor(podCache, found),
        related,
        pods,
        nowMs: context.clock.now(),
      })
      return {
        ...planned.plan,
        status: {
          resource: replicationControllers,
          ...(planned.status === undefined ? {} : { object: { ...found, status: ownStatus(planned.status) } }),
          afterFailure: (failure) => ({ ...found, status: ownStatus(planned.statusAfterFailure(failure)) }),
        },
      }
    },
  })
}

function selectorOf(controller: ReplicationController): { matchLabels: Readonly<Record<string, string>> } {
  return { matchLabels: controller.spec.selector ?? {} }
}

/** Seen as a set; type and kind stay its own, so that pods and events name the right owner. */
function asReplicaSet(controller: ReplicationController): ReplicaSet {
  const { spec } = controller
  const status = controller.status === undefined ? {} : { status: controller.status }
  const view = { ...controller, spec: { ...spec, selector: selectorOf(controller) }, ...status }
  return view as unknown as ReplicaSet
}

function ownStatus({ terminatingReplicas: _terminating, ...status }: ReplicaSetStatus): ReplicationControllerStatus {
  return status
}
