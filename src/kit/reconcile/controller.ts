/**
 * The loop that every controller runs in: changes of watched collections become keys in a queue, workers take keys, ask
 * the controller for a plan, and carry it out. Failures come back with a growing delay; one key is never worked on twice
 * at the same time.
 */
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ApiClient } from './api-client.ts'
import { isStale } from './api-failure.ts'
import type { EventRecorder } from './event-recorder.ts'
import { executePlan } from './execute-plan.ts'
import type { Informer } from './informer.ts'
import type { InformerSet } from './informer-set.ts'
import type { CacheChange } from './object-cache.ts'
import type { Plan } from './plan.ts'
import { measureQueue } from './queue-metrics.ts'
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts'

/** A watched collection and the keys that its changes concern. */
export interface Watch {
  start(queue: WorkQueue): Disposable
  readonly synced: Promise<void>
}

/** Watches a collection; `keysOf` says which keys a change makes worth a look. */
export function watch<T extends KubernetesObject>(
  informer: Informer<T>,
  keysOf: (change: CacheChange<T>) => Iterable<string>,
): Watch {
  return {
    synced: informer.synced,
    start: (queue) =>
      informer.onChange((change) => {
        for (const key of keysOf(change)) queue.add(key)
      }),
  }
}

export interface ControllerDeps {
  readonly client: ApiClient
  readonly informers: Pick<InformerSet, 'observe' | 'observeDeleted'>
  readonly events: EventRecorder
  readonly clock: Clock
  readonly log: Log
  /** Where the queue is measured; nowhere unless told. */
  readonly metrics?: Metrics | undefined
}

export interface ControllerSpec {
  /** Name in logs. */
  readonly name: string
  readonly watches: readonly Watch[]
  /** What to do about a key now. Pure apart from reading caches and the clock. */
  readonly reconcile: (key: string) => Plan | Promise<Plan>
  /** Keys worked on at the same time, 5 unless told. */
  readonly workers?: number
  /** Keys to begin with, for controllers that work on a timer rather than on changes. */
  readonly initialKeys?: readonly string[]
  readonly queue?: Omit<WorkQueueOptions, 'clock'>
}

export interface Controller extends AsyncDisposable {
  readonly name: string
  /** Reconciles a key now. */
  wake(key: string): void
  /** True when no key waits and none is worked on (delayed ones not counted). */
  readonly isIdle: boolean
}

/** Starts a controller; it begins to work when everything it watches is in its caches. */
export function createController(deps: ControllerDeps, spec: ControllerSpec): Controller {
  const observer = deps.metrics === undefined ? {} : { observer: measureQueue(deps.metrics, spec.name, deps.clock) }
  const queue = new WorkQueue({ clock: deps.clock, ...observer, ...spec.queue })
  const log = deps.log.with({ controller: spec.name })
  const subscriptions: Disposable[] = []
  const state = { ended: false, busy: 0 }
  const loop = async (): Promise<void> => {
    for (;;) {
      const key = await queue.take()
      if (key === undefined) return
      state.busy++
      await workOn(key, { deps: { ...deps, log }, spec, queue, hasEnded: () => state.ended })
      state.busy--
      queue.done(key)
    }
  }
  const running = (async () => {
    await Promise.all(spec.watches.map((watched) => watched.synced))
    if (state.ended) return
    for (const watched of spec.watches) subscriptions.push(watched.start(queue))
    for (const key of spec.initialKeys ?? []) queue.add(key)
    await Promise.all(Array.from({ length: spec.workers ?? 5 }, loop))
  })().catch((error: unknown) => {
    if (!state.ended) log.error('controller stopped', { error })
  })
  return {
    name: spec.name,
    wake: (key) => queue.add(key),
    get isIdle() {
      return queue.size === 0 && state.busy === 0
    },
    async [Symbol.asyncDispose]() {
      state.ended = true
      for (const subscription of subscriptions) subscription[Symbol.dispose]()
      queue[Symbol.dispose]()
      // A controller whose caches never came has no workers to wait for.
      if (subscriptions.length > 0) await running
    },
  }
}

async function workOn(
  key: string,
  work: {
    readonly deps: ControllerDeps
    readonly spec: ControllerSpec
    readonly queue: WorkQueue
    readonly hasEnded: () => boolean
  },
): Promise<void> {
  const { deps, spec, queue } = work
  try {
    const plan = await spec.reconcile(key)
    await executePlan(plan, deps)
    queue.forget(key)
    if (plan.lookAgainAfterMs !== undefined) queue.addAfter(key, Math.max(1, plan.lookAgainAfterMs))
  } catch (error) {
    if (work.hasEnded()) return
    if (isStale(error)) deps.log.debug('planned on an old picture', { key })
    else deps.log.warn('reconcile failed', { key, failures: queue.failuresOf(key), error })
    queue.retry(key)
  }
}
