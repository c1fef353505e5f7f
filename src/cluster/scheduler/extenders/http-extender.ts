/** An extender behind HTTP: each verb is a POST of JSON to `urlPrefix/verb`, answered with 200 within the timeout. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { createHttpClient, type HttpClient } from '#kit/http/client.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { KnownNode } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'
import type { Candidate } from '../preempt.ts'
import type { Extender, ExtenderSettings } from './extender.ts'
import { readBindingError, readFilterAnswer, readScores, readVictims } from './extender-answers.ts'

/** Largest answer: all nodes of a large cluster, sent back whole. */
const answerBytesMax = 256 * 1024 * 1024

/** Creates the extender; nothing is connected before the first call. */
export function createHttpExtender(clock: Clock, settings: ExtenderSettings): Extender {
  const client = createHttpClient({ clock, tls: settings.tls })
  const call = (verb: string, body: object, signal: AbortSignal): Promise<unknown> =>
    post({ client, clock, settings, verb, body, signal })
  const from = `extender ${settings.urlPrefix}`
  return {
    settings,
    async filter(pod, entries, signal) {
      const answer = readFilterAnswer(await call(settings.filterVerb, nodeArgs(pod, entries, settings), signal), from)
      if (answer.error !== '') throw refused(answer.error)
      const names = settings.knowsNodes ? (answer.nodeNames ?? answer.nodes) : answer.nodes
      const { failed, failedForGood } = answer
      return { passed: namedOf(entries, names ?? [], settings), failed, failedForGood }
    },
    async prioritize(pod, entries, signal) {
      return readScores(await call(settings.prioritizeVerb, nodeArgs(pod, entries, settings), signal), from)
    },
    async preempt(pod, candidates, signal) {
      const answer = await call(settings.preemptVerb, victimArgs(pod, candidates, settings), signal)
      const known = new Map(candidates.map((candidate) => [candidate.entry.name, candidate]))
      return Array.from(readVictims(answer, from), ([name, { uids, budgetViolations }]) => {
        const candidate = known.get(name)
        if (candidate === undefined) throw refused(`nodeinfo not found for node name ${JSON.stringify(name)}`)
        const { entry } = candidate
        return { entry, budgetViolations, victims: uids.map((uid) => victimOf(candidate, uid, settings)) }
      })
    },
    async bind(pod, nodeName, signal) {
      const body = { PodName: pod.name, PodNamespace: pod.namespace, PodUID: pod.uid, Node: nodeName }
      const error = readBindingError(await call(settings.bindVerb, body, signal), from)
      if (error !== '') throw refused(error)
    },
    [Symbol.dispose]: () => client.close(),
  }
}

/** ExtenderArgs. */
function nodeArgs({ pod }: PodRecord, entries: readonly KnownNode[], { knowsNodes }: ExtenderSettings): object {
  return knowsNodes
    ? { Pod: pod, Nodes: null, NodeNames: entries.map(({ name }) => name) }
    : { Pod: pod, Nodes: { metadata: {}, items: entries.map(({ node }) => node) }, NodeNames: null }
}

/** ExtenderPreemptionArgs. */
function victimArgs({ pod }: PodRecord, candidates: readonly Candidate[], { knowsNodes }: ExtenderSettings): object {
  const byNode = Object.fromEntries(
    candidates.map(({ entry, victims, budgetViolations: NumPDBViolations }) => [
      entry.name,
      { Pods: victims.map((victim) => (knowsNodes ? { UID: victim.uid } : victim.pod)), NumPDBViolations },
    ]),
  )
  return {
    Pod: pod,
    NodeNameToVictims: knowsNodes ? null : byNode,
    NodeNameToMetaVictims: knowsNodes ? byNode : null,
  }
}

function namedOf(
  entries: readonly KnownNode[],
  names: readonly string[],
  { urlPrefix }: ExtenderSettings,
): KnownNode[] {
  const known = new Map(entries.map((entry) => [entry.name, entry]))
  return names.map((name) => {
    const entry = known.get(name)
    if (entry !== undefined) return entry
    const [who, node] = [JSON.stringify(urlPrefix), JSON.stringify(name)]
    throw refused(`extender ${who} claims a filtered node ${node} which is not found in the input node list`)
  })
}

/** A pod that has to go: one of those proposed, which may have gone meanwhile, or another one of the node. */
function victimOf(
  { entry: { name, pods }, victims }: Candidate,
  uid: string,
  { urlPrefix }: ExtenderSettings,
): PodRecord {
  const victim = victims.find((one) => one.uid === uid) ?? pods.get(uid)
  if (victim !== undefined) return victim
  throw refused(
    `extender: ${urlPrefix} claims to preempt pod (UID: &{${uid}}) on node: ${name}, but the pod is not found on that node`,
  )
}

interface Post {
  readonly client: HttpClient
  readonly clock: Clock
  readonly settings: ExtenderSettings
  readonly verb: string
  readonly body: object
  readonly signal: AbortSignal
}

async function post({ client, clock, settings, verb, body, signal }: Post): Promise<unknown> {
  const url = `${settings.urlPrefix.replace(/\/+$/, '')}/${verb}`
  const late = new AbortController()
  const tooLate = new GantryError('SCHEDULER_EXTENDER_LATE', 'deadline', 'context deadline exceeded', {
    remedy: 'Raise httpTimeout of the extender, or find out why it is slow.',
  })
  using _timer = clock.setTimer(settings.timeoutMs, () => late.abort(tooLate))
  try {
    const reply = await client.request({
      method: 'POST',
      url,
      json: body,
      signal: AbortSignal.any([late.signal, signal]),
    })
    if (reply.status === 200) return await reply.json(answerBytesMax)
    await reply.discard()
    throw refused(`failed ${verb} with extender at URL ${url}, code ${reply.status}`)
  } catch (error) {
    if (signal.aborted || (error instanceof GantryError && error.code === 'SCHEDULER_EXTENDER_REFUSED')) throw error
    throw refused(`Post ${JSON.stringify(url)}: ${messageOf(late.signal.aborted ? tooLate : error)}`, error)
  }
}

function refused(message: string, cause?: unknown): GantryError {
  return new GantryError('SCHEDULER_EXTENDER_REFUSED', 'unavailable', message, {
    cause,
    remedy: 'Look at the extender that the scheduler configuration names, or mark it ignorable.',
  })
}
