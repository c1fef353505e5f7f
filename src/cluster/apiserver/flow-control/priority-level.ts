/**
 * One priority level: the seats in use, and fair queues of requests that wait for one. Queues are served by virtual time
 * (each advances by the seat-milliseconds that its requests took), so that the queue that got least comes next.
 */
import type { PriorityLevelConfiguration } from '#spec/kubernetes/objects/flowcontrol-v1.generated.ts'
import { dealHand } from './deal-hand.ts'
import { RetryAfter } from './retry-after.ts'
import type { SeatShare } from './share-seats.ts'

/** What a request is taken to last until it is known. */
const expectedMs = 3

/** Somebody who waits. */
export interface Waiting {
  readonly seats: number
  /** Called once with a seat; never after `leave`. */
  readonly enter: (queue: FairQueue) => void
}

/** A queue and what it was served so far. */
export interface FairQueue {
  readonly waiting: Waiting[]
  seatsInUse: number
  /** Virtual time at which its next request begins, in seat-milliseconds. */
  startsAt: number
}

export class PriorityLevel {
  readonly name: string
  readonly retryAfter: RetryAfter = new RetryAfter()
  uid = ''
  isExempt = false
  share: SeatShare = { nominal: 0, least: 0, most: 0 }
  seatsInUse = 0
  executing = 0
  waitingCount = 0
  dispatched = 0
  /** May be more than there are to choose from now: those that went out of use are still emptied. */
  readonly #queues: FairQueue[] = []
  #queueCount = 0
  #handSize = 1
  #lengthLimit = 0
  /** Virtual time of the queue served last. */
  #now = 0

  constructor(name: string) {
    this.name = name
  }

  /** Takes over a configuration; those who wait keep their places. */
  configure({ metadata, spec }: PriorityLevelConfiguration, share: SeatShare): void {
    this.uid = metadata.uid ?? ''
    this.isExempt = spec.type === 'Exempt'
    this.share = share
    const queuing = spec.limited?.limitResponse?.type === 'Queue' ? spec.limited.limitResponse.queuing : undefined
    this.#queueCount = queuing === undefined ? 0 : (queuing.queues ?? 64)
    this.#handSize = queuing?.handSize ?? 8
    this.#lengthLimit = queuing?.queueLengthLimit ?? 50
    while (this.#queues.length < this.#queueCount) this.#queues.push({ waiting: [], seatsInUse: 0, startsAt: 0 })
  }

  /** Seats that one request may take at most. */
  get widest(): number {
    const { nominal } = this.share
    return this.#queueCount === 0
      ? 1
      : Math.max(1, Math.min(Math.ceil(nominal * 0.15), Math.floor(nominal / this.#handSize)))
  }

  /** Puts a request into the shortest queue of its flow's hand; undefined when there is no queue or it is full. */
  enqueue(request: Waiting, hash: number): FairQueue | undefined {
    let best: FairQueue | undefined
    let bestLoad = Infinity
    for (const index of dealHand(hash, this.#queueCount, this.#handSize)) {
      const queue = this.#queues[index]
      const load = queue === undefined ? Infinity : queue.waiting.length + queue.seatsInUse
      if (queue !== undefined && load < bestLoad) [best, bestLoad] = [queue, load]
    }
    if (best === undefined || best.waiting.length >= this.#lengthLimit) return undefined
    if (best.waiting.length === 0 && best.seatsInUse === 0) best.startsAt = Math.max(best.startsAt, this.#now)
    best.waiting.push(request)
    this.waitingCount++
    return best
  }

  /** Takes a request that gave up out of its queue. */
  leave(queue: FairQueue, request: Waiting): void {
    const index = queue.waiting.indexOf(request)
    if (index < 0) return
    queue.waiting.splice(index, 1)
    this.waitingCount--
  }

  /** The queue whose first request comes next, undefined when nobody waits. */
  next(): FairQueue | undefined {
    if (this.waitingCount === 0) return undefined
    let best: FairQueue | undefined
    let bestEnd = Infinity
    for (const queue of this.#queues) {
      const [first] = queue.waiting
      if (first === undefined) continue
      const end = queue.startsAt + first.seats * expectedMs
      if (end < bestEnd) [best, bestEnd] = [queue, end]
    }
    return best
  }

  /** Lets the first request of a queue in. The caller has made sure that there are seats. */
  admit(queue: FairQueue): void {
    const request = queue.waiting.shift()
    if (request === undefined) return
    this.waitingCount--
    this.#now = queue.startsAt
    queue.startsAt += request.seats * expectedMs
    queue.seatsInUse += request.seats
    request.enter(queue)
  }

  take(seats: number): void {
    this.seatsInUse += seats
    this.executing++
    this.dispatched++
  }

  /** Gives seats back after `tookMs`; the queue is charged what it really took. */
  giveBack(seats: number, queue: FairQueue | undefined, tookMs: number): void {
    this.seatsInUse -= seats
    this.executing--
    if (queue === undefined) return
    queue.seatsInUse -= seats
    queue.startsAt += seats * (tookMs - expectedMs)
  }
}
