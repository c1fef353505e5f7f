/** All extenders that a pod is the business of, asked one after the other; those that may be done without are passed over when they fail. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { KnownNode } from '../node-table.ts'
import type { Rejection } from '../rejection.ts'
import type { PodRecord } from '../pod-record.ts'
import type { Candidate } from '../preempt.ts'
import { type Extender, isInterested } from './extender.ts'

/** The most an extender's score counts for: its 0 to 10 on the plugins' scale of 0 to 100. */
const scoreScale = 100 / 10

export interface Asking {
  readonly extenders: readonly Extender[]
  readonly log: Log
  readonly signal: AbortSignal
}

export interface Filtered {
  readonly passed: readonly KnownNode[]
  readonly rejected: ReadonlyMap<string, Rejection>
}

type Verb = 'filterVerb' | 'prioritizeVerb' | 'preemptVerb' | 'bindVerb'

function* concerned(verb: Verb, { pod }: PodRecord, { extenders }: Asking): Generator<Extender> {
  for (const extender of extenders)
    if (extender.settings[verb] !== '' && isInterested(extender.settings, pod)) yield extender
}

/** True when an extender other than those that only bind has a say about a pod. */
export function isAsked(pod: PodRecord, asking: Asking): boolean {
  if (asking.extenders.length === 0) return false
  return (['filterVerb', 'prioritizeVerb', 'preemptVerb'] as const).some(
    (verb) => concerned(verb, pod, asking).next().done === false,
  )
}

/** The nodes that all extenders let pass. @throws what an extender throws that cannot be done without. */
export async function filterByExtenders(
  pod: PodRecord,
  entries: readonly KnownNode[],
  asking: Asking,
): Promise<Filtered> {
  const rejected = new Map<string, Rejection>()
  let passed = entries
  for (const extender of concerned('filterVerb', pod, asking)) {
    if (passed.length === 0) break
    const among = passed
    const verdict = await orWithout(extender, asking, () => extender.filter(pod, among, asking.signal))
    if (verdict === undefined) continue
    for (const [name, reason] of verdict.failed) rejected.set(name, { reasons: [reason], preemptable: true })
    for (const [name, reason] of verdict.failedForGood) rejected.set(name, { reasons: [reason], preemptable: false })
    passed = verdict.passed
  }
  return { passed, rejected }
}

/** Scores of all extenders together, by node; those of one that fails count for nothing. */
export async function scoresOfExtenders(
  pod: PodRecord,
  entries: readonly KnownNode[],
  asking: Asking,
): Promise<ReadonlyMap<string, number>> {
  const totals = new Map<string, number>()
  const score = async (extender: Extender): Promise<void> => {
    try {
      const scores = await extender.prioritize(pod, entries, asking.signal)
      for (const [name, of] of scores)
        totals.set(name, (totals.get(name) ?? 0) + of * extender.settings.weight * scoreScale)
    } catch (error) {
      asking.log.debug('an extender gave no scores', { extender: extender.settings.urlPrefix, pod: pod.key, error })
    }
  }
  await Promise.all([...concerned('prioritizeVerb', pod, asking)].map(score))
  return totals
}

/** The candidates that all extenders leave. @throws as filterByExtenders, and for a node without victims. */
export async function candidatesOfExtenders(
  pod: PodRecord,
  candidates: readonly Candidate[],
  asking: Asking,
): Promise<readonly Candidate[]> {
  let left = candidates
  for (const extender of concerned('preemptVerb', pod, asking)) {
    if (left.length === 0) break
    const among = left
    const answer = await orWithout(extender, asking, () => extender.preempt(pod, among, asking.signal))
    if (answer === undefined) continue
    const empty = answer.find(({ victims }) => victims.length === 0)
    if (empty !== undefined && !extender.settings.isIgnorable) throw noVictimOn(empty.entry.name)
    left = answer.filter(({ victims }) => victims.length > 0)
  }
  return left
}

/** Lets an extender bind a pod; false where none of them binds it. @throws as filterByExtenders. */
export async function bindByExtender(pod: PodRecord, nodeName: string, asking: Asking): Promise<boolean> {
  for (const extender of concerned('bindVerb', pod, asking)) {
    const bind = async (): Promise<true> => {
      await extender.bind(pod, nodeName, asking.signal)
      return true
    }
    if ((await orWithout(extender, asking, bind)) === true) return true
  }
  return false
}

async function orWithout<T>(
  { settings }: Extender,
  { log, signal }: Asking,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!settings.isIgnorable || signal.aborted) throw error
    log.info('an extender is passed over', { extender: settings.urlPrefix, error })
    return undefined
  }
}

function noVictimOn(nodeName: string): GantryError {
  return new GantryError(
    'SCHEDULER_EXTENDER_VICTIMS',
    'unavailable',
    `expected at least one victim pod on node ${JSON.stringify(nodeName)}`,
    { remedy: 'The extender has to leave out nodes where it wants no pod evicted.' },
  )
}
