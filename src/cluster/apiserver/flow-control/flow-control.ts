/**
 * Priority and fairness: no request runs without a seat of its priority level, so that one client cannot take the server
 * from all others. Seats that a level does not use are lent at once and come back when the borrower's request ends. Free
 * levels cost a request no waiting and no queue.
 */
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '#spec/kubernetes/objects/flowcontrol-v1.generated.ts'
import type { Clock } from '#world/ports/clock.ts'
import { flowSchemas, mandatory, priorityLevels } from '../bootstrap/flow-control.table.ts'
import type { Collection } from '../cache/collection.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import { flowHash } from './deal-hand.ts'
import { type CompiledFlow, compileFlows, type FlowRequest } from './match-flow.ts'
import { describeFlowControl, flowControlRejected } from './metrics.ts'
import { type FairQueue, PriorityLevel, type Waiting } from './priority-level.ts'
import { shareSeats } from './share-seats.ts'

/** Longest wait for a seat unless the request allows less. */
export const waitMsMax = 15_000

/** A request that may run, until it is released. */
export interface Turn {
  readonly flow: CompiledFlow
  readonly level: PriorityLevel
  /** Gives the seats back; again does nothing. */
  release(): void
}

/** Why a request may not run. */
export class Refusal {
  readonly flow: CompiledFlow
  readonly level: PriorityLevel
  readonly retryAfterSeconds: number

  constructor(flow: CompiledFlow, level: PriorityLevel) {
    this.flow = flow
    this.level = level
    this.retryAfterSeconds = level.retryAfter.seconds
  }
}

export interface SeatRequest extends FlowRequest {
  /** Seats wanted, given the most that one request of the level may take. */
  seats(most: number): number
  readonly waitMs: number
  /** Only asked for when the request has to wait. */
  signal(): AbortSignal
}

export interface FlowControlOptions {
  readonly cache: ObjectCache
  readonly clock: Clock
  readonly metrics: Metrics
  /** Seats in all: requests that run at once, reading and writing. */
  readonly seats: number
}

/** Flow control of one server. */
export class FlowControl {
  readonly #options: FlowControlOptions
  readonly #schemas: Collection
  readonly #configurations: Collection
  readonly #levels = new Map<string, PriorityLevel>()
  readonly #rejected: (flow: CompiledFlow, reason: string) => void
  #flows: readonly CompiledFlow[] = []
  #schemasSeen = -1
  #configurationsSeen = -1
  #seatsInAll = 0
  #waitingLevels = 0

  constructor(options: FlowControlOptions) {
    this.#options = options
    const { cache, metrics } = options
    this.#schemas = cache.collection('flowcontrol.apiserver.k8s.io/flowschemas')
    this.#configurations = cache.collection('flowcontrol.apiserver.k8s.io/prioritylevelconfigurations')
    describeFlowControl(metrics, () => this.#levels.values())
    const rejected = metrics.counter(flowControlRejected)
    this.#rejected = ({ level, name }, reason) => rejected.add({ priority_level: level, flow_schema: name, reason })
  }

  /** A seat, now or after a wait, or the refusal. */
  enter(request: SeatRequest): Turn | Refusal | Promise<Turn | Refusal> {
    this.#refresh()
    const flow = this.#flows.find((one) => one.matches(request)) ?? fallbackFlow
    const level = this.#levels.get(flow.level) ?? this.#levelNamed('catch-all')
    if (level.isExempt) return this.#seat(flow, level, { seats: 1, queue: undefined })
    const seats = request.seats(level.widest)
    if (level.waitingCount === 0 && this.#hasRoom(level, seats))
      return this.#seat(flow, level, { seats, queue: undefined })
    return this.#wait(request, { flow, level }, seats)
  }

  #seat(
    flow: CompiledFlow,
    level: PriorityLevel,
    { seats, queue }: { readonly seats: number; readonly queue: FairQueue | undefined },
  ): Turn {
    level.take(seats)
    const { clock } = this.#options
    const startMs = queue === undefined ? 0 : clock.monotonicMs()
    let isOpen = true
    return {
      flow,
      level,
      release: () => {
        if (!isOpen) return
        isOpen = false
        level.giveBack(seats, queue, queue === undefined ? 0 : clock.monotonicMs() - startMs)
        if (this.#waitingLevels > 0) this.#dispatch()
      },
    }
  }

  #wait(
    request: SeatRequest,
    { flow, level }: { readonly flow: CompiledFlow; readonly level: PriorityLevel },
    seats: number,
  ): Promise<Turn | Refusal> {
    const { clock } = this.#options
    const refuse = (reason: string): Refusal => {
      this.#rejected(flow, reason)
      level.retryAfter.refuse(clock.now())
      return new Refusal(flow, level)
    }
    const { promise, resolve } = Promise.withResolvers<Turn | Refusal>()
    const waiting: Waiting = { seats, enter: (queue) => end(this.#seat(flow, level, { seats, queue })) }
    const before = level.waitingCount
    const queue = level.enqueue(waiting, flowHash(flow.name, distinguisherOf(flow, request)))
    if (queue === undefined) return Promise.resolve(refuse('queue-full'))
    if (before === 0) this.#waitingLevels++
    const signal = request.signal()
    const timer = clock.setTimer(request.waitMs, () => giveUp('time-out'))
    const onAbort = (): void => giveUp('cancelled')
    const end = (result: Turn | Refusal): void => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', onAbort)
      if (level.waitingCount === 0) this.#waitingLevels--
      resolve(result)
    }
    const giveUp = (reason: string): void => {
      level.leave(queue, waiting)
      end(refuse(reason))
    }
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) giveUp('cancelled')
    return promise
  }

  /** Lets in whoever can get a seat, levels below their nominal share first. */
  #dispatch(): void {
    const waiting = [...this.#levels.values()].filter((level) => level.waitingCount > 0)
    const isBelow = ({ seatsInUse, share }: PriorityLevel): number => (seatsInUse < share.nominal ? 0 : 1)
    for (const level of waiting.toSorted((a, b) => isBelow(a) - isBelow(b))) {
      for (let queue = level.next(); queue !== undefined; queue = level.next()) {
        if (!this.#hasRoom(level, queue.waiting[0]?.seats ?? 1)) break
        level.admit(queue)
      }
    }
  }

  /** Within what the level never lends there is always room; beyond it, while the others' own seats stay free. */
  #hasRoom(level: PriorityLevel, seats: number): boolean {
    const { share, seatsInUse } = level
    const after = seatsInUse + seats
    if (seatsInUse === 0 || after <= share.least) return true
    if (after > share.most) return false
    let taken = 0
    for (const other of this.#levels.values()) {
      if (other === level || other.isExempt) continue
      // Lenders that wait get their seats back before anybody borrows more.
      if (after > share.nominal && other.waitingCount > 0 && other.seatsInUse < other.share.nominal) return false
      taken += Math.max(other.seatsInUse, other.share.least)
    }
    return taken + after <= this.#seatsInAll
  }

  #levelNamed(name: string): PriorityLevel {
    let level = this.#levels.get(name)
    if (level === undefined) this.#levels.set(name, (level = new PriorityLevel(name)))
    return level
  }

  /** Reads the objects anew when one of them changed. */
  #refresh(): void {
    const [schemas, configurations] = [this.#schemas.lastChange, this.#configurations.lastChange]
    if (schemas === this.#schemasSeen && configurations === this.#configurationsSeen) return
    this.#schemasSeen = schemas
    this.#configurationsSeen = configurations
    const stored = Array.from(
      this.#configurations.values(),
      ({ value }) => value as unknown as PriorityLevelConfiguration,
    )
    const levels = withMandatory(stored, priorityLevels) as readonly PriorityLevelConfiguration[]
    const shares = shareSeats(levels, this.#options.seats)
    for (const configuration of levels) {
      const share = shares.get(configuration.metadata.name)
      if (share !== undefined) this.#levelNamed(configuration.metadata.name).configure(configuration, share)
    }
    const names = new Set(levels.map(({ metadata }) => metadata.name))
    for (const [name, { executing, waitingCount }] of this.#levels)
      if (!names.has(name) && executing === 0 && waitingCount === 0) this.#levels.delete(name)
    this.#seatsInAll = [...shares.values()].reduce((sum, { nominal }) => sum + nominal, 0)
    const written = Array.from(this.#schemas.values(), ({ value }) => value as unknown as FlowSchema)
    const known = withMandatory(written, flowSchemas) as readonly FlowSchema[]
    // A schema whose level is missing is passed over.
    this.#flows = compileFlows(known.filter(({ spec }) => names.has(spec.priorityLevelConfiguration.name)))
  }
}

/** Only met when even the schema that catches all does not match. */
const fallbackFlow: CompiledFlow = {
  name: 'catch-all',
  uid: '',
  level: 'catch-all',
  matches: () => true,
  distinguisher: 'ByUser',
}

interface Named {
  readonly metadata: { readonly name: string }
}

/** Objects and, where one was deleted, the mandatory ones. */
function withMandatory(stored: readonly Named[], specs: Readonly<Record<string, object>>): readonly Named[] {
  const missing = mandatory.filter((name) => !stored.some(({ metadata }) => metadata.name === name))
  return [...stored, ...missing.map((name) => ({ metadata: { name }, spec: specs[name] }))]
}

function distinguisherOf({ distinguisher }: CompiledFlow, { user, info }: FlowRequest): string {
  if (distinguisher === undefined) return ''
  return distinguisher === 'ByUser' ? user.name : info.namespace
}
