/** One cycle of the scheduler, and what follows from it: the pod is on its way to a node, or put aside. */
import { type AftermathDeps, afterFailure, afterFailureWith, type Narrow } from './after-failure.ts'
import { bindPod, type BindingSteps, forgetPod, tellFault } from './bind-pod.ts'
import { type Asking, candidatesOfExtenders, isAsked } from './extenders/ask-extenders.ts'
import { scheduleWithExtenders } from './extenders/schedule-with-extenders.ts'
import { failPod } from './fail-pod.ts'
import type { KeptAnswers } from './kept-answers.ts'
import type { Cycle } from './plugin.ts'
import { type CycleDeps, type CycleMemory, type Outcome, schedulePod, type WeighedPlugin } from './schedule-pod.ts'
import type { SchedulerProfile } from './scheduler-config.ts'
import { runBeside, type SchedulerParts } from './scheduler-parts.ts'
import type { QueuedPod } from './scheduling-queue.ts'

/** A profile with its plugins made. */
export interface ReadyProfile extends SchedulerProfile {
  readonly made: readonly WeighedPlugin[]
  readonly steps: BindingSteps
  readonly answers: KeptAnswers
}

export interface DecisionDeps {
  readonly parts: SchedulerParts
  readonly profile: ReadyProfile
  readonly memory: CycleMemory
  readonly asking: Asking
}

type NotFound = Extract<Outcome, { readonly found: false }>

/** Decides about a pod, at once; the promise of it where extenders are asked. Failures are told to the pod. */
export function decidePod(queued: QueuedPod, deps: DecisionDeps): Promise<void> | undefined {
  if (isAsked(queued.record, deps.asking)) return decideWithExtenders(queued, deps)
  const { record } = queued
  const seen = cycleOf(deps)
  try {
    const outcome = schedulePod(record, seen)
    if (outcome.found) goTo(queued, outcome.entry.name, { ...deps, cycle: seen.cycle })
    else {
      const help = helpFor(outcome, seen, deps.profile)
      const aftermath = help === undefined ? undefined : afterFailure(record, help)
      failPod(queued, outcome.diagnosis, { parts: deps.parts, aftermath })
    }
  } catch (error) {
    giveUp(queued, error, deps)
  }
  return undefined
}

async function decideWithExtenders(queued: QueuedPod, deps: DecisionDeps): Promise<void> {
  const { parts, asking } = deps
  const { record } = queued
  const changesBefore = parts.queue.changes
  const seen = cycleOf(deps)
  try {
    const outcome = await scheduleWithExtenders(record, seen, asking)
    const help = outcome.found ? undefined : helpFor(outcome, seen, deps.profile)
    const narrow: Narrow = (candidates) => candidatesOfExtenders(record, candidates, asking)
    const aftermath = help === undefined ? undefined : await afterFailureWith(narrow, record, help)
    const newest = parts.ledger.waiting(record.uid)
    // It was deleted, or bound by somebody else, while the extenders thought about it.
    if (newest === undefined || !parts.ledger.isWaiting(record.uid)) return
    queued.record = newest
    if (outcome.found) {
      goTo(queued, outcome.entry.name, { ...deps, cycle: seen.cycle })
      return
    }
    failPod(queued, outcome.diagnosis, { parts, aftermath })
    // What changed in the meantime found no waiting pod to be told to.
    if (parts.queue.changes !== changesBefore || newest !== record)
      parts.queue.update(newest, { kind: 'everything' }, parts.nowMs())
  } catch (error) {
    if (!parts.signal.aborted && parts.ledger.isWaiting(record.uid)) giveUp(queued, error, deps)
  }
}

function cycleOf({ parts, profile, memory }: DecisionDeps): CycleDeps {
  const { table, objects, random, nominated } = parts
  const cycle: Cycle = { table, objects, nowMs: parts.nowMs() }
  const config = { plugins: profile.made, percentageOfNodesToScore: profile.percentageOfNodesToScore }
  return { cycle, config, memory, random, nominated, answers: profile.answers }
}

/** What helping a pod that no node suits goes by. Without a node there is nothing to free. */
function helpFor(
  { diagnosis, filters }: NotFound,
  { cycle, random, nominated }: CycleDeps,
  { made: plugins, preemption }: ReadyProfile,
): AftermathDeps | undefined {
  if (diagnosis.nodeCount === 0) return undefined
  const { table, objects } = cycle
  return { table, objects, random, nominated, filters, diagnosis, cycle, plugins, preemption }
}

/** Takes the pod for placed from now on and binds it, unless something cannot be kept ready for it. */
function goTo(
  queued: QueuedPod,
  nodeName: string,
  { parts, profile, cycle }: DecisionDeps & { readonly cycle: Cycle },
): void {
  const { record } = queued
  const { table } = cycle
  const entry = table.known(nodeName)
  if (entry === undefined) throw new Error(`node ${nodeName} is gone`)
  parts.ledger.assume(record, nodeName)
  for (const { plugin } of profile.made) {
    const no = plugin.reserve?.(record, entry, cycle)
    if (no === undefined) continue
    forgetPod(record, nodeName, { parts, plugins: profile.made })
    const diagnosis = {
      nodeCount: table.order().length,
      byNode: new Map([[nodeName, no]]),
      others: undefined,
      wholePod: '',
      plugins: new Set([plugin.name]),
    }
    failPod(queued, diagnosis, { parts })
    return
  }
  bindPod(queued, nodeName, { parts, plugins: profile.made, steps: profile.steps })
}

/** Something other than the cluster's state stood in the way: the pod is told, and tried again later. */
function giveUp(queued: QueuedPod, error: unknown, { parts, profile }: DecisionDeps): void {
  const { record } = queued
  parts.log.error('scheduling failed', { pod: record.key, error })
  forgetPod(record, undefined, { parts, plugins: profile.made })
  runBeside(parts, () => tellFault(queued, { error }, parts))
}
