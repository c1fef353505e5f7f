/** The disruption controller: keeps in each PodDisruptionBudget's status how many of its pods may go. */
import {
  deployments,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '#clients/kubernetes/resources.table.ts'
import { matchesSelector } from '#base/data/label-selector.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { Lister } from '#kit/reconcile/informer.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { controllerOf } from '#kit/reconcile/owner-references.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import { parseGroupVersion } from '#spec/kubernetes/schema/kinds.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject, OwnerReference } from '#spec/kubernetes/objects/objects.ts'
import type { PodDisruptionBudget } from '#spec/kubernetes/objects/policy-v1.generated.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { isPodReady } from '../workloads/pod-state.ts'
import { readScale } from '../workloads/read-scale.ts'
import { requirementsOf } from '../workloads/selector-of.ts'
import { countsOwners, type OwnerScale, planBudget, planFailedBudget } from './plan-budget.ts'
import { isToldToGo, planStaleDisruption } from './stale-disruption.ts'

const podPrefix = 'pod:'

/** Starts the controller. */
export function startDisruptionController(context: ControllerContext): Controller {
  const budgets = context.informers.of(podDisruptionBudgets)
  const podCache = context.informers.of(pods)
  const scaleOf = scaleFinder(context)
  return createController(context, {
    name: 'disruption',
    queue: countingQueue,
    watches: [
      watch(budgets, ({ object }) => [keyOf(object)]),
      watch(podCache, (change) => [
        ...(concernsBudgets(change) ? budgetsFor(budgets, change) : []),
        ...(change.type !== 'deleted' && isToldToGo(change.object) ? [podPrefix + keyOf(change.object)] : []),
      ]),
    ],
    reconcile: async (key): Promise<Plan> => {
      const nowMs = context.clock.now()
      if (key.startsWith(podPrefix)) return planStaleDisruption(podCache.get(key.slice(podPrefix.length)), nowMs)
      const budget = budgets.get(key)
      if (budget === undefined) return nothingToDo
      const selected = podCache.list(budget.metadata.namespace).filter((pod) => covers(budget, pod))
      const scales = countsOwners(budget) ? await scalesOf(selected, scaleOf) : new Map<string, OwnerScale>()
      return typeof scales === 'string'
        ? planFailedBudget(budget, scales, nowMs)
        : planBudget({ budget, pods: selected, scales, nowMs })
    },
  })
}

function covers({ spec }: PodDisruptionBudget, pod: Pod): boolean {
  return spec.selector !== undefined && matchesSelector(requirementsOf(spec.selector), pod.metadata.labels)
}

/** True for changes of a pod that a budget counts; the many others (container statuses, heartbeats) are passed over. */
function concernsBudgets({ type, object, previous }: CacheChange<Pod>): boolean {
  if (type !== 'updated' || previous === undefined) return true
  return (
    isPodReady(object) !== isPodReady(previous) ||
    object.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
    controllerOf(object)?.uid !== controllerOf(previous)?.uid ||
    !equalValues(object.metadata.labels ?? {}, previous.metadata.labels ?? {})
  )
}

function budgetsFor(budgets: Lister<PodDisruptionBudget>, { object, previous }: CacheChange<Pod>): readonly string[] {
  return budgets
    .list(object.metadata.namespace)
    .filter((budget) => covers(budget, object) || (previous !== undefined && covers(budget, previous)))
    .map(keyOf)
}

/** The scale of a pod's controller; undefined where the controller is gone. @throws Error with the reason for a status. */
type FindScale = (reference: OwnerReference, namespace: string) => Promise<OwnerScale | undefined>

/** Scales by the controllers' uids, or why they cannot be found out. */
async function scalesOf(
  selected: readonly Pod[],
  findScale: FindScale,
): Promise<ReadonlyMap<string, OwnerScale> | string> {
  const scales = new Map<string, OwnerScale>()
  for (const pod of selected) {
    const reference = controllerOf(pod)
    if (reference === undefined || scales.has(reference.uid)) continue
    try {
      const scale = await findScale(reference, pod.metadata.namespace ?? '')
      if (scale === undefined) return `found no controllers for pod ${JSON.stringify(pod.metadata.name)}`
      scales.set(reference.uid, scale)
    } catch (error) {
      // A server that is away says nothing about the budget: the key comes back.
      if (!isFinal(error)) throw error
      return error.message
    }
  }
  return scales
}

function isFinal(error: unknown): error is GantryError {
  return error instanceof GantryError && !['unavailable', 'exhausted', 'deadline', 'internal'].includes(error.kind)
}

/** Finds scales in the caches of the built-in workloads, and at the scale subresource of everything else. */
function scaleFinder(context: ControllerContext): FindScale {
  const setCache = context.informers.of(replicaSets)
  const deploymentCache = context.informers.of(deployments)
  const statefulCache = context.informers.of(statefulSets)
  const controllerCache = context.informers.of(replicationControllers)
  return async (reference, namespace) => {
    const { group } = parseGroupVersion(reference.apiVersion)
    const key = keyFrom(namespace, reference.name)
    switch (`${group}/${reference.kind}`) {
      case 'apps/ReplicaSet': {
        const set = setCache.get(key)
        const owner = set === undefined ? undefined : controllerOf(set)
        if (owner?.kind !== 'Deployment' || set?.metadata.uid !== reference.uid) return scaleIn(set, reference.uid)
        return scaleIn(deploymentCache.get(keyFrom(namespace, owner.name)), owner.uid)
      }
      case 'apps/StatefulSet':
        return scaleIn(statefulCache.get(key), reference.uid)
      case '/ReplicationController':
        return scaleIn(controllerCache.get(key), reference.uid)
      default:
        return scaleAtServer(context, reference, namespace)
    }
  }
}

function scaleIn(
  workload: (KubernetesObject & { readonly spec?: { readonly replicas?: number } }) | undefined,
  uid: string,
): OwnerScale | undefined {
  if (workload === undefined || workload.metadata.uid !== uid) return undefined
  return { uid, replicas: workload.spec?.replicas ?? 1 }
}

async function scaleAtServer(
  context: ControllerContext,
  reference: OwnerReference,
  namespace: string,
): Promise<OwnerScale | undefined> {
  try {
    const { scale } = await readScale(context.client, reference, { namespace, name: reference.name })
    return scale.metadata.uid === reference.uid
      ? { uid: reference.uid, replicas: scale.spec?.replicas ?? 0 }
      : undefined
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}
