/**
 * The scheduler: watches pods and nodes, gives every waiting pod a node, one after the other, and binds them at the same
 * time. Decisions are made by pure parts on a table in memory (`schedule-pod.ts`, `preempt.ts`); this file runs the loop.
 */
import type { ApiClient } from '#kit/reconcile/api-client.ts'
import { createInformerSet } from '#kit/reconcile/informer-set.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { bindingSteps } from './bind-pod.ts'
import { createClaimWriter, createVolumeWriter } from './bind-volumes.ts'
import type { PluginWriters } from './default-plugins.table.ts'
import { decidePod, type ReadyProfile } from './decide-pod.ts'
import type { Asking } from './extenders/ask-extenders.ts'
import { extenderPlugin } from './extenders/extender-plugin.ts'
import { createHttpExtender } from './extenders/http-extender.ts'
import { KeptAnswers } from './kept-answers.ts'
import { NodeTable } from './node-table.ts'
import { NominatedPods } from './nominated-pods.ts'
import { PodLedger } from './pod-ledger.ts'
import type { Cycle } from './plugin.ts'
import type { Rejection } from './rejection.ts'
import type { PodRecord } from './pod-record.ts'
import { startSchedulingEvents } from './record-scheduling-event.ts'
import type { CycleMemory, WeighedPlugin } from './schedule-pod.ts'
import { defaultSchedulerConfig, type SchedulerConfig, type SchedulerProfile } from './scheduler-config.ts'
import type { SchedulerParts } from './scheduler-parts.ts'
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts'
import { nodeChange } from './node-change.ts'
import { watchCluster, type WatchedCluster } from './watch-cluster.ts'

export interface SchedulerDeps {
  readonly client: ApiClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Scheduler extends AsyncDisposable {
  /** Resolves when the first lists are in. */
  readonly synced: Promise<void>
  /** True when nothing is being decided, bound or written; pods that no node suits may wait. */
  readonly isIdle: boolean
  readonly counts: SchedulingQueue['counts']
}

/** Pods decided in one go before other work gets its turn, and for how long at most. */
const turnPods = 256
const turnMs = 10

/** Starts a scheduler; it works until it is disposed. */
export function startScheduler(deps: SchedulerDeps, config: SchedulerConfig = defaultSchedulerConfig): Scheduler {
  const informers = createInformerSet(deps)
  const watched = watchCluster(informers)
  const events = startSchedulingEvents(deps)
  const abort = new AbortController()
  const extenders = config.extenders.map((settings) => createHttpExtender(deps.clock, settings))
  const asking: Asking = { extenders, log: deps.log, signal: abort.signal }
  const profiles = readyProfiles(config, asking, {
    volumes: createVolumeWriter({ ...deps, claims: watched.claims }),
    claims: createClaimWriter(deps),
  })
  const profileOf = (pod: Pod): ReadyProfile | undefined => profiles.get(pod.spec.schedulerName ?? 'default-scheduler')
  const pluginsOf = (pod: Pod): readonly WeighedPlugin[] => profileOf(pod)?.made ?? []
  const table = new NodeTable()
  const nominated = new NominatedPods()
  const queue = new SchedulingQueue(
    {
      compare: orderOf(profiles),
      pluginsOf: (record) => pluginsOf(record.pod).map(({ plugin }) => plugin),
      gate: (record) => firstGate(record, pluginsOf(record.pod), watched.objects),
    },
    config.queue,
  )
  const nowMs = (): number => deps.clock.monotonicMs()
  const ledger = new PodLedger({ table, queue, nominated, isOurs: (pod) => profileOf(pod) !== undefined, nowMs })
  const parts: SchedulerParts = {
    ...deps,
    table,
    queue,
    nominated,
    ledger,
    events,
    objects: watched.objects,
    signal: abort.signal,
    nowMs,
    wake: () => loop.wake(),
    underWay: new Set(),
    onEnded: () => loop.onEnded(),
  }
  const memory: CycleMemory = { startIndex: 0 }
  const decide = (queued: QueuedPod): Promise<void> | undefined => {
    const { record } = queued
    const profile = profileOf(record.pod)
    if (profile === undefined || !ledger.isWaiting(record.uid)) return undefined
    return decidePod(queued, { parts, profile, memory, asking })
  }
  const loop = runLoop({ parts, decide, bindingsMost: config.bindingsMost })
  const subscriptions: Disposable[] = []
  const synced = informers.synced().then(() => void subscriptions.push(...followChanges(watched, parts)))
  synced.catch(() => undefined)
  return {
    synced,
    get isIdle() {
      return loop.isIdle && parts.underWay.size === 0 && events.pending === 0 && queue.counts.active === 0
    },
    get counts() {
      return queue.counts
    },
    async [Symbol.asyncDispose]() {
      for (const subscription of subscriptions) subscription[Symbol.dispose]()
      abort.abort(new Error('the scheduler has ended'))
      await informers[Symbol.asyncDispose]()
      await loop.ended
      await Promise.allSettled(parts.underWay)
      await events[Symbol.asyncDispose]()
      for (const extender of extenders) extender[Symbol.dispose]()
    },
  }
}

/** Makes the plugins of every profile, for one scheduler. */
function readyProfiles(
  { profiles }: SchedulerConfig,
  asking: Asking,
  writers: PluginWriters,
): ReadonlyMap<string, ReadyProfile> {
  const first = asking.extenders.length === 0 ? [] : [{ plugin: extenderPlugin(asking), weight: 0 }]
  const ready = (profile: SchedulerProfile): ReadyProfile => {
    const made = [...first, ...profile.plugins(writers)]
    return { ...profile, made, steps: bindingSteps(made), answers: new KeptAnswers() }
  }
  return new Map(profiles.map((profile) => [profile.schedulerName, ready(profile)]))
}

/** Takes every change into the table, the ledger and the queue, and wakes the loop. */
function followChanges(watched: WatchedCluster, { table, queue, ledger, nowMs, wake }: SchedulerParts): Disposable[] {
  return [
    watched.nodes.onChange((change) => {
      const told = nodeChange(change, table)
      if (told !== undefined) queue.onChange(told, nowMs())
      wake()
    }),
    watched.pods.onChange((change) => {
      ledger.take(change)
      wake()
    }),
    watched.onOtherChange((kind, { type, object }) => {
      // Of what goes away only a device claim makes room for anybody.
      if (type !== 'deleted' || kind === 'resource-claim') queue.onChange({ kind, object }, nowMs())
      wake()
    }),
  ]
}

function orderOf(profiles: ReadonlyMap<string, ReadyProfile>): NonNullable<WeighedPlugin['plugin']['compare']> {
  for (const { made } of profiles.values())
    for (const { plugin } of made) if (plugin.compare !== undefined) return plugin.compare
  return (a, b) => a.sequence - b.sequence
}

function firstGate(
  record: PodRecord,
  plugins: readonly WeighedPlugin[],
  objects: Cycle['objects'],
): { readonly plugin: string; readonly rejection: Rejection } | undefined {
  for (const { plugin } of plugins) {
    const no = plugin.preEnqueue?.(record, objects)
    if (no !== undefined) return { plugin: plugin.name, rejection: no }
  }
  return undefined
}

interface Loop {
  wake(): void
  /** A binding has ended: there is room for another. */
  onEnded(): void
  readonly isIdle: boolean
  readonly ended: Promise<void>
}

/** Takes pods while there are any; sleeps until something changes or a back-off ends. */
function runLoop({
  parts,
  decide,
  bindingsMost,
}: {
  readonly parts: SchedulerParts
  /** The promise of a pod whose cycle asks others, which nobody else's may overtake. */
  readonly decide: (queued: QueuedPod) => Promise<void> | undefined
  readonly bindingsMost: number
}): Loop {
  const state = {
    isWoken: false,
    isWorking: false,
    resume: undefined as (() => void) | undefined,
    onRoom: undefined as (() => void) | undefined,
  }
  const wake = (): void => {
    state.isWoken = true
    state.resume?.()
  }
  parts.signal.addEventListener('abort', wake, { once: true })
  const sleep = async (): Promise<void> => {
    if (state.isWoken) return
    const dueMs = parts.queue.nextWakeMs()
    using _timer =
      dueMs === undefined ? undefined : parts.clock.setTimer(Math.max(1, Math.ceil(dueMs - parts.nowMs())), wake)
    await new Promise<void>((resolve) => (state.resume = resolve))
    state.resume = undefined
  }
  /** Waits for one of many: a race of all of them, once for each that ends, would take the square of their number. */
  const room = (): Promise<void> => new Promise((resolve) => (state.onRoom = resolve))
  /** True when the queue is empty; false when others shall get their turn first, a promise when they have to. */
  const takeTurn = (): boolean | Promise<void> => {
    const began = parts.nowMs()
    for (let count = 0; count < turnPods && parts.underWay.size < bindingsMost; count++) {
      const next = parts.queue.pop(parts.nowMs())
      if (next === undefined) return true
      const asked = decide(next)
      if (asked !== undefined) return asked
      if (parts.nowMs() - began > turnMs) return false
    }
    return false
  }
  const work = async (): Promise<void> => {
    while (!parts.signal.aborted) {
      await sleep()
      state.isWoken = false
      state.isWorking = true
      while (!parts.signal.aborted) {
        const turn = takeTurn()
        if (turn === true) break
        if (turn !== false) await turn
        else if (parts.underWay.size >= bindingsMost) await room()
        else await parts.clock.sleep(0)
      }
      state.isWorking = false
    }
  }
  return {
    wake,
    onEnded: () => state.onRoom?.(),
    get isIdle() {
      return !state.isWorking && !state.isWoken
    },
    ended: work(),
  }
}
