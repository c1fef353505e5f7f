/**
 * Preemption: which pods would have to go, and from which node, so that a pod that matters more finds room. Tries nodes as
 * if their less important pods were gone, spares as many as it can (those with a disruption budget first), and takes the
 * node where it hurts least. Rules and order of criteria are upstream's (DefaultPreemption, v1.36).
 */
import { matchesSelector, selectorFromObject } from '#base/data/label-selector.ts'
import type { Random } from '#world/ports/random.ts'
import type { PodDisruptionBudget } from '#spec/kubernetes/objects/policy-v1.generated.ts'
import type { ClusterObjects } from './cluster-objects.ts'
import { type Diagnosis, fitErrorMessage } from './fit-error.ts'
import type { NominatedPods } from './nominated-pods.ts'
import type { KnownNode, NodeTable } from './node-table.ts'
import { finalRejection, type Rejection } from './rejection.ts'
import type { PodRecord } from './pod-record.ts'
import { runFilters } from './schedule-pod.ts'
import type { ActiveFilter } from './plugin.ts'

export interface Candidate {
  readonly entry: KnownNode
  /** Most important first. */
  readonly victims: readonly PodRecord[]
  readonly budgetViolations: number
}

export type Preemption =
  | { readonly candidate: Candidate }
  /** Why there is none, as the event says after "preemption: ". */
  | { readonly message: string; readonly keepNomination: boolean }

export interface PreemptionDeps {
  readonly table: NodeTable
  readonly objects: ClusterObjects
  readonly random: Random
  readonly nominated: NominatedPods
  readonly filters: readonly ActiveFilter[]
  readonly diagnosis: Diagnosis
  readonly args: PreemptionArgs
}

const notHelpful = finalRejection('Preemption is not helpful for scheduling')
const noVictims = finalRejection('No preemption victims found for incoming pod')
/** How many nodes preemption tries out before it takes the best of them. */
export interface PreemptionArgs {
  readonly leastPercent: number
  readonly leastNodes: number
}

export const defaultPreemptionArgs: PreemptionArgs = { leastPercent: 10, leastNodes: 100 }

/** Condition reason on pods that the scheduler evicts. */
export const preemptionReason = 'PreemptionByScheduler'

/** Finds where a pod could be made room for, and takes the place where it hurts least. */
export function planPreemption(pod: PodRecord, deps: PreemptionDeps): Preemption {
  const found = findCandidates(pod, deps)
  return 'message' in found ? found : chooseCandidate(found.candidates)
}

/** Takes one of the candidates that are left. */
export function chooseCandidate(candidates: readonly Candidate[]): Preemption {
  const candidate = pickCandidate(candidates)
  return candidate === undefined ? { message: 'no candidate node for preemption', keepNomination: true } : { candidate }
}

/** Places where a pod could be made room for, at least one, or why there is none. */
export function findCandidates(
  pod: PodRecord,
  deps: PreemptionDeps,
): { readonly candidates: readonly Candidate[] } | Extract<Preemption, { readonly message: string }> {
  const { args } = deps
  const obstacle = whyNotEligible(pod, deps)
  if (obstacle !== undefined) return { message: obstacle, keepNomination: true }
  const nodes = deps.table.order()
  const hopeful = nodes.filter(
    (entry) => (deps.diagnosis.byNode.get(entry.name) ?? deps.diagnosis.others)?.preemptable === true,
  )
  const wanted = Math.min(
    hopeful.length,
    Math.max(args.leastNodes, Math.trunc((nodes.length * args.leastPercent) / 100)),
  )
  const offset = hopeful.length === 0 ? 0 : deps.random.below(hopeful.length)
  const candidates: Candidate[] = []
  const byNode = new Map<string, Rejection>()
  for (let step = 0; step < hopeful.length && candidates.length < wanted; step++) {
    const entry = hopeful[(offset + step) % hopeful.length]
    if (entry === undefined) continue
    const result = tryNode(pod, entry, deps)
    if ('reasons' in result) byNode.set(entry.name, result)
    else candidates.push(result)
  }
  if (candidates.length > 0) return { candidates }
  const diagnosis = { nodeCount: nodes.length, byNode, others: notHelpful, wholePod: '', plugins: new Set<string>() }
  return { message: fitErrorMessage(diagnosis), keepNomination: false }
}

function whyNotEligible(pod: PodRecord, { table, diagnosis }: PreemptionDeps): string | undefined {
  if (pod.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = pod.pod.status?.nominatedNodeName ?? ''
  const entry = nominated === '' ? undefined : table.known(nominated)
  if (entry === undefined) return undefined
  // Where even preemption cannot help any more, the pod may look elsewhere at once.
  if (diagnosis.byNode.get(nominated)?.preemptable === false) return undefined
  const isMakingRoom = [...entry.pods.values()].some((other) => other.priority < pod.priority && isPreempted(other))
  return isMakingRoom ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

function isPreempted({ pod }: PodRecord): boolean {
  if (pod.metadata.deletionTimestamp === undefined) return false
  return (pod.status?.conditions ?? []).some(
    ({ type, status, reason }) => type === 'DisruptionTarget' && status === 'True' && reason === preemptionReason,
  )
}

/** Takes every less important pod off a node, and puts back all that fit beside the new one. */
function tryNode(pod: PodRecord, entry: KnownNode, deps: PreemptionDeps): Candidate | Rejection {
  const { table, filters } = deps
  const move = (other: PodRecord, by: 1 | -1): void => {
    if (by === 1) table.addPod(other, entry.name)
    else table.removePod(other.uid, entry.name)
    for (const { filtering } of filters) filtering.whatIf?.(other, entry, by)
  }
  const lesser = [...entry.pods.values()].filter((other) => other.priority < pod.priority)
  if (lesser.length === 0) return noVictims
  const expected = deps.nominated.ahead(pod, entry.name)
  for (const other of lesser) move(other, -1)
  for (const other of expected) move(other, 1)
  const gone = new Set(lesser)
  try {
    const no = runFilters(filters, entry)
    if (no !== undefined) return no.rejection
    const { violating, others } = splitByBudget(lesser, deps.objects)
    let budgetViolations = 0
    const spare = (other: PodRecord): boolean => {
      move(other, 1)
      gone.delete(other)
      if (runFilters(filters, entry) === undefined) return true
      move(other, -1)
      gone.add(other)
      return false
    }
    for (const other of violating.toSorted(moreImportantFirst)) if (!spare(other)) budgetViolations++
    for (const other of others.toSorted(moreImportantFirst)) spare(other)
    return { entry, victims: [...gone].toSorted(moreImportantFirst), budgetViolations }
  } finally {
    for (const other of expected) move(other, -1)
    for (const other of gone) move(other, 1)
  }
}

const startOf = ({ pod }: PodRecord): string => pod.status?.startTime ?? '9999'

function moreImportantFirst(a: PodRecord, b: PodRecord): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  if (startOf(a) !== startOf(b)) return startOf(a) < startOf(b) ? -1 : 1
  return a.uid < b.uid ? -1 : 1
}

/** Pods whose eviction would break a disruption budget, counting that each eviction uses one up. */
export function splitByBudget(
  pods: readonly PodRecord[],
  objects: Pick<ClusterObjects, 'disruptionBudgets'>,
): { readonly violating: PodRecord[]; readonly others: PodRecord[] } {
  const allowed = new Map<PodDisruptionBudget, number>()
  const violating: PodRecord[] = []
  const others: PodRecord[] = []
  for (const pod of pods) {
    let isViolating = false
    for (const budget of objects.disruptionBudgets(pod.namespace)) {
      if (!covers(budget, pod)) continue
      // A pod whose eviction the API has taken up already counts no second time.
      if (budget.status?.disruptedPods?.[pod.name] !== undefined) continue
      const left = (allowed.get(budget) ?? budget.status?.disruptionsAllowed ?? 0) - 1
      allowed.set(budget, left)
      if (left < 0) isViolating = true
    }
    if (isViolating) violating.push(pod)
    else others.push(pod)
  }
  return { violating, others }
}

function covers(budget: PodDisruptionBudget, pod: PodRecord): boolean {
  const selector = budget.spec.selector
  if (selector === undefined || Object.keys(pod.labels ?? {}).length === 0) return false
  const requirements = selectorFromObject(selector)
  return requirements.length > 0 && matchesSelector(requirements, pod.labels)
}

/** The candidate where preemption hurts least; criteria in upstream's order, the first in the list where all are equal. */
export function pickCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates
  const criteria: readonly ((candidate: Candidate) => number)[] = [
    ({ budgetViolations }) => budgetViolations,
    ({ victims }) => victims[0]?.priority ?? -Infinity,
    // Priorities are shifted so that a pod of negative priority still counts as one more.
    ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    ({ victims }) => victims.length,
  ]
  for (const criterion of criteria) {
    if (left.length <= 1) return left[0]
    const least = Math.min(...left.map(criterion))
    left = left.filter((candidate) => criterion(candidate) === least)
  }
  // Last, the node whose most important victims have run for the shortest time.
  return left.reduce<Candidate | undefined>(
    (best, candidate) => (best === undefined || earliestStart(candidate) > earliestStart(best) ? candidate : best),
    undefined,
  )
}

function earliestStart({ victims }: Candidate): string {
  const highest = victims[0]?.priority
  return victims
    .filter(({ priority }) => priority === highest)
    .map(startOf)
    .reduce((earliest, start) => (start < earliest ? start : earliest), '9999')
}
