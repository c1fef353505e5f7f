/** The row of a pod: what `kubectl get pods` shows about its containers' states (v1.36). */
import { isSidecar } from '../pods/pod-containers.ts'
import {
  ageOf,
  at,
  type Cell,
  columns,
  count,
  humanSpan,
  type Json,
  list,
  nameOf,
  type Printer,
  secondsOf,
  text,
} from './cells.ts'

interface PodSummary {
  reason: string
  readyCount: number
  restarts: number
  /** Seconds since 1970 of the newest known restart. */
  lastRestart: number
}

function endReason(terminated: Json): string {
  if (text(terminated['reason']) !== '') return text(terminated['reason'])
  return count(terminated['signal']) !== 0
    ? `Signal:${count(terminated['signal'])}`
    : `ExitCode:${count(terminated['exitCode'])}`
}

function noteRestarts(summary: PodSummary, status: Json): void {
  summary.restarts += count(status['restartCount'])
  summary.lastRestart = Math.max(
    summary.lastRestart,
    secondsOf(at(status, 'lastState', 'terminated', 'finishedAt')) ?? 0,
  )
}

/** What an init container that is not done says about the pod; undefined for one that is out of the way. */
function initReason(status: Json, isRunningSidecar: boolean, progress: string): string | undefined {
  const terminated = at(status, 'state', 'terminated') as Json | undefined
  if (terminated !== undefined && count(terminated['exitCode']) === 0) return undefined
  if (isRunningSidecar) return undefined
  if (terminated !== undefined) return `Init:${endReason(terminated)}`
  const waiting = text(at(status, 'state', 'waiting', 'reason'))
  return waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${progress}`
}

/** Looks at the init containers in order; true when one of them still holds the pod up. */
function summarizeInit(pod: Json, summary: PodSummary, sidecars: PodSummary): boolean {
  const containers = list(at(pod, 'spec', 'initContainers'))
  const statuses = list(at(pod, 'status', 'initContainerStatuses'))
  for (const [i, status] of statuses.entries()) {
    noteRestarts(summary, status)
    const sidecar = isSidecar(containers.find((container) => container['name'] === status['name']) ?? {})
    if (sidecar) noteRestarts(sidecars, status)
    const runs = sidecar && status['started'] === true
    if (runs && status['ready'] === true) summary.readyCount++
    const reason = initReason(status, runs, `${i}/${containers.length}`)
    if (reason === undefined) continue
    summary.reason = reason
    return true
  }
  return false
}

/** Looks at the app containers from the last to the first, so that the first one's reason wins. */
function summarizeApps(pod: Json, summary: PodSummary): void {
  let hasRunning = false
  let errorReason = ''
  for (const status of [...list(at(pod, 'status', 'containerStatuses'))].reverse()) {
    noteRestarts(summary, status)
    const waiting = text(at(status, 'state', 'waiting', 'reason'))
    const terminated = at(status, 'state', 'terminated') as Json | undefined
    if (waiting !== '') summary.reason = waiting
    else if (terminated !== undefined) {
      summary.reason = endReason(terminated)
      if (count(terminated['exitCode']) !== 0) errorReason = summary.reason
    } else if (status['ready'] === true && at(status, 'state', 'running') !== undefined) {
      hasRunning = true
      summary.readyCount++
    }
  }
  if (summary.reason !== 'Completed') return
  if (hasRunning && hasCondition(pod, 'Ready')) summary.reason = 'Running'
  else if (errorReason !== '') summary.reason = errorReason
  else if (hasRunning) summary.reason = 'NotReady'
}

function hasCondition(pod: Json, type: string): boolean {
  return list(at(pod, 'status', 'conditions')).some((item) => item['type'] === type && item['status'] === 'True')
}

function startReason(pod: Json): string {
  const gated = list(at(pod, 'status', 'conditions')).some(
    (item) => item['type'] === 'PodScheduled' && item['reason'] === 'SchedulingGated',
  )
  return gated ? 'SchedulingGated' : text(at(pod, 'status', 'reason'), text(at(pod, 'status', 'phase')))
}

function finalReason(pod: Json, reason: string): string {
  const phase = at(pod, 'status', 'phase')
  if (at(pod, 'metadata', 'deletionTimestamp') === undefined) return reason
  if (at(pod, 'status', 'reason') === 'NodeLost') return 'Unknown'
  return phase === 'Succeeded' || phase === 'Failed' ? reason : 'Terminating'
}

function summarize(pod: Json): PodSummary {
  const summary: PodSummary = { reason: startReason(pod), readyCount: 0, restarts: 0, lastRestart: 0 }
  const sidecars: PodSummary = { ...summary }
  const held = summarizeInit(pod, summary, sidecars)
  if (!held || hasCondition(pod, 'Initialized')) {
    Object.assign(summary, { restarts: sidecars.restarts, lastRestart: sidecars.lastRestart })
    summarizeApps(pod, summary)
  }
  summary.reason = finalReason(pod, summary.reason)
  return summary
}

function readinessGates(pod: Json): string {
  const gates = list(at(pod, 'spec', 'readinessGates'))
  if (gates.length === 0) return '<none>'
  return `${gates.filter((gate) => hasCondition(pod, text(gate['conditionType']))).length}/${gates.length}`
}

/** True for pods that have run to their end: their rows carry a `Completed` condition that clients grey out. */
export function completedReason(pod: Json): string | undefined {
  const phase = at(pod, 'status', 'phase')
  return phase === 'Succeeded' || phase === 'Failed' ? phase : undefined
}

export const podPrinter: Printer = {
  columns: columns('Name!|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*'),
  cells: (pod, now): readonly Cell[] => {
    const { reason, readyCount, restarts, lastRestart } = summarize(pod)
    const total =
      list(at(pod, 'spec', 'containers')).length + list(at(pod, 'spec', 'initContainers')).filter(isSidecar).length
    const since = lastRestart > 0 ? ` (${humanSpan(now - lastRestart)} ago)` : ''
    return [
      nameOf(pod),
      `${readyCount}/${total}`,
      reason,
      restarts > 0 ? `${restarts}${since}` : String(restarts),
      ageOf(pod, now),
      text(at(pod, 'status', 'podIPs', 0, 'ip'), '<none>'),
      text(at(pod, 'spec', 'nodeName'), '<none>'),
      text(at(pod, 'status', 'nominatedNodeName'), '<none>'),
      readinessGates(pod),
    ]
  },
}
