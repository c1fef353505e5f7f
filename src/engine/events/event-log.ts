/** What happens in the engine, as told to `GET /events`: the last few for those who ask late, the rest live. */

import type { Clock } from '#world/ports/clock.ts'
import type { EngineEvent } from '#engine/containers/engine-parts.ts'

/** An event with its time. */
export interface LoggedEvent extends EngineEvent {
  /** Epoch milliseconds with fractions. */
  readonly at: number
}

/** As many as Docker keeps (moby `daemon/events`, eventsLimit). */
const keptMax = 256
/** A reader this far behind is dropped: it would only ever fall further. */
const backlogMax = 8192

export interface EventSubscription extends AsyncIterable<LoggedEvent>, Disposable {}

export interface EventLog {
  publish(event: EngineEvent): void
  /** Kept events from `since` on (epoch ms), oldest first. */
  past(since: number, until: number): LoggedEvent[]
  /** Everything published from now on, until disposed or the reader falls too far behind. */
  subscribe(): EventSubscription
}

class Subscription implements EventSubscription {
  readonly #queue: LoggedEvent[] = []
  readonly #leave: (subscription: Subscription) => void
  #wake: (() => void) | undefined
  #closed = false

  constructor(leave: (subscription: Subscription) => void) {
    this.#leave = leave
  }

  push(event: LoggedEvent): void {
    this.#queue.push(event)
    if (this.#queue.length > backlogMax) this[Symbol.dispose]()
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoggedEvent> {
    for (;;) {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) yield next
      if (this.#closed) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#leave(this)
    this.#wake?.()
  }
}

export function createEventLog(clock: Clock): EventLog {
  const kept: LoggedEvent[] = []
  const subscriptions = new Set<Subscription>()
  let last = 0
  return {
    publish: (event) => {
      // Strictly rising, so that a reader who asks "since the last one I saw" misses nothing and sees nothing twice.
      last = Math.max(clock.now(), last + 0.0005)
      const logged = { ...event, at: last }
      kept.push(logged)
      if (kept.length > keptMax) kept.shift()
      for (const subscription of subscriptions) subscription.push(logged)
    },
    past: (since, until) => kept.filter((event) => event.at >= since && event.at <= until),
    subscribe: () => {
      const subscription = new Subscription((left) => subscriptions.delete(left))
      subscriptions.add(subscription)
      return subscription
    },
  }
}

/** An event as the API writes it; `status`, `id` and `from` are for clients before 1.52, which fall over without them. */
export function viewEvent(event: LoggedEvent): object {
  const seconds = Math.floor(event.at / 1000)
  const nanos = BigInt(seconds) * 1_000_000_000n + BigInt(Math.round((event.at - seconds * 1000) * 1e6))
  const legacy =
    event.type === 'container' || event.type === 'image'
      ? {
          status: event.action,
          id: event.id,
          ...(event.type === 'container' ? { from: event.attributes['image'] ?? '' } : {}),
        }
      : {}
  return {
    ...legacy,
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes },
    scope: 'local',
    time: seconds,
    timeNano: Number(nanos),
  }
}
