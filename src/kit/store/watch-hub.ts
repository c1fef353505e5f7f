/**
 * Watches of a store in this process. A watcher reads history page by page at its own pace; when it has
 * reached the newest revision it is attached to the live stream, where its backlog is bounded.
 */
import type { Clock } from '#world/ports/clock.ts'
import { storeClosed, storeCompacted, storeRevisionAhead, storeWatchTooSlow } from './errors.ts'
import { boundsOf, isWithin, type KeyBounds } from './key-range.ts'
import type { StoreLimits } from './limits.ts'
import type { StoreEngine } from './store-engine.ts'
import type { StoreEvent, StoreFollower, WatchBatch, WatchQuery } from './versioned-store.ts'

interface Watcher {
  readonly bounds: KeyBounds
  readonly previous: boolean
  offer(events: readonly StoreEvent[], revision: number): void
  fail(error: Error): void
}

export interface WatchHubOptions {
  readonly engine: StoreEngine
  readonly clock: Clock
  readonly limits: StoreLimits
}

/** The watchers of one store. */
export class WatchHub {
  readonly #options: WatchHubOptions
  readonly #live = new Set<Watcher>()
  #closed = false

  constructor(options: WatchHubOptions) {
    this.#options = options
  }

  /** True when some live watcher wants the version before a change of `key`. */
  readonly wantsPrevious = (key: string): boolean => {
    for (const watcher of this.#live) if (watcher.previous && isWithin(watcher.bounds, key)) return true
    return false
  }

  /** Hands committed events, in revision order, to the live watchers. */
  publish(events: readonly StoreEvent[]): void {
    if (events.length === 0) return
    for (const watcher of this.#live) {
      const wanted = events.filter((event) => isWithin(watcher.bounds, event.entry.key))
      watcher.offer(wanted, this.#options.engine.revision)
    }
  }

  /** Fails every live watcher; later watches fail at once. */
  close(): void {
    this.#closed = true
    for (const watcher of this.#live) watcher.fail(storeClosed())
    this.#live.clear()
  }

  /** See LocalStore.follow. */
  follow(afterRevision: number, { take, fail }: StoreFollower): Disposable {
    const { engine } = this.#options
    if (this.#closed) throw storeClosed()
    if (afterRevision > engine.revision) throw storeRevisionAhead(afterRevision, engine.revision)
    if (afterRevision < engine.compactRevision) throw storeCompacted(engine.compactRevision)
    const bounds = boundsOf({})
    for (let seen = afterRevision, isComplete = false; !isComplete;) {
      const { revision, events, complete } = engine.history({ bounds, afterRevision: seen, previous: false })
      seen = revision
      isComplete = complete
      if (events.length > 0) take({ revision, events })
    }
    const watcher: Watcher = {
      bounds,
      previous: false,
      offer: (events, revision) => take({ revision, events: plain(events) }),
      fail,
    }
    this.#live.add(watcher)
    return { [Symbol.dispose]: () => void this.#live.delete(watcher) }
  }

  /** Follows a range; see VersionedStore.watch. */
  async *watch(query: WatchQuery): AsyncGenerator<WatchBatch, void, undefined> {
    const { engine } = this.#options
    const bounds = boundsOf(query)
    const previous = query.previous === true
    let { afterRevision } = query
    if (afterRevision > engine.revision) throw storeRevisionAhead(afterRevision, engine.revision)
    const feed = new LiveFeed(query, this.#options)
    try {
      for (;;) {
        if (query.signal?.aborted === true) return
        if (this.#closed) throw storeClosed()
        if (afterRevision < engine.compactRevision) throw storeCompacted(engine.compactRevision)
        const page = engine.history({ bounds, afterRevision, previous })
        afterRevision = page.revision
        if (page.complete) {
          feed.begin(afterRevision)
          this.#live.add(feed)
        }
        if (page.events.length > 0)
          yield { revision: page.revision, events: previous ? page.events : plain(page.events) }
        if (page.complete) break
      }
      yield* feed.batches()
    } finally {
      this.#live.delete(feed)
      feed.end()
    }
  }
}

/** Events without the versions before them, for those who did not ask. */
function plain(events: readonly StoreEvent[]): readonly StoreEvent[] {
  return events.map((event) => (event.previous === undefined ? event : { type: event.type, entry: event.entry }))
}

/** One watcher's bounded backlog of live events. */
class LiveFeed implements Watcher {
  readonly bounds: KeyBounds
  readonly previous: boolean
  readonly #query: WatchQuery
  readonly #options: WatchHubOptions
  #backlog: StoreEvent[] = []
  #backlogBytes = 0
  /** Everything up to here is delivered or in the backlog. */
  #seen = 0
  #delivered = 0
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(query: WatchQuery, options: WatchHubOptions) {
    this.bounds = boundsOf(query)
    this.previous = query.previous === true
    this.#query = query
    this.#options = options
  }

  begin(revision: number): void {
    this.#seen = revision
    this.#delivered = revision
    this.#query.signal?.addEventListener('abort', this.#awake)
  }

  end(): void {
    this.#query.signal?.removeEventListener('abort', this.#awake)
    this.#backlog = []
  }

  readonly #awake = (): void => {
    this.#wake?.()
    this.#wake = undefined
  }

  offer(events: readonly StoreEvent[], revision: number): void {
    this.#seen = revision
    if (this.#failure !== undefined || events.length === 0) return
    const { watchBacklogEvents, watchBacklogBytes } = this.#options.limits
    for (const event of this.previous ? events : plain(events)) {
      this.#backlog.push(event)
      this.#backlogBytes += event.entry.value.byteLength + (event.previous?.value.byteLength ?? 0)
    }
    // One commit larger than the limits must not fail a consumer that has nothing waiting.
    const late = this.#backlog.length > events.length
    if (late && (this.#backlog.length > watchBacklogEvents || this.#backlogBytes > watchBacklogBytes)) {
      this.#backlog = []
      this.fail(storeWatchTooSlow(this.#delivered))
    }
    this.#awake()
  }

  fail(error: Error): void {
    this.#failure ??= error
    this.#awake()
  }

  async *batches(): AsyncGenerator<WatchBatch, void, undefined> {
    while (this.#query.signal?.aborted !== true) {
      if (this.#backlog.length > 0) {
        yield this.#take()
        continue
      }
      if (this.#failure !== undefined) throw this.#failure
      const progress = await this.#wait()
      if (progress && this.#backlog.length === 0 && this.#failure === undefined) yield this.#take()
    }
  }

  #take(): WatchBatch {
    const events = this.#backlog
    this.#backlog = []
    this.#backlogBytes = 0
    this.#delivered = this.#seen
    return { revision: this.#seen, events }
  }

  /** Waits for events, the end, or the time of a progress notification (true). */
  async #wait(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#wake = () => resolve(false)
    if (this.#query.progress !== true) return await promise
    using timer = this.#options.clock.setTimer(this.#options.limits.progressIntervalMs, () => resolve(true))
    void timer
    return await promise
  }
}
