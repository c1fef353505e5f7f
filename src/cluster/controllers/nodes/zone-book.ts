/** What is known of all zones together: their nodes, and whose turn it is to be emptied. Owned by the node lifecycle. */
import { WaitingLine } from './waiting-line.ts'
import { type EvictionTerms, evictionRate, type ZoneCount, zoneState } from './zones.ts'

interface Zone {
  ready: number
  lost: number
  /** Lost nodes that wait for their turn, first come first served. */
  readonly waiting: WaitingLine
  /** When the last one had its turn. */
  lastMs: number
}

interface Entry {
  readonly zone: string
  readonly isReady: boolean
  readonly counts: boolean
}

/** Nobody asks more often. */
const askAgainMs = 100

/** Holds one entry a node. */
export class ZoneBook {
  readonly #terms: EvictionTerms
  readonly #zones = new Map<string, Zone>()
  readonly #nodes = new Map<string, Entry>()

  constructor(terms: EvictionTerms) {
    this.#terms = terms
  }

  /** Names of all nodes. */
  get names(): readonly string[] {
    return [...this.#nodes.keys()]
  }

  /** Names of zones that have nodes which count. */
  get zones(): readonly string[] {
    return [...this.#zones].filter(([, zone]) => zone.ready + zone.lost > 0).map(([name]) => name)
  }

  /** True when no node of any zone is ready. */
  get isSilent(): boolean {
    const counted = [...this.#zones.values()].filter((zone) => zone.ready + zone.lost > 0)
    return counted.length > 0 && counted.every((zone) => zoneState(zone, this.#terms) === 'FullDisruption')
  }

  countOf(zone: string): ZoneCount {
    return this.#zones.get(zone) ?? { ready: 0, lost: 0 }
  }

  /** Nodes of a zone that wait for their turn. */
  waitingIn(zone: string): readonly string[] {
    return this.#zones.get(zone)?.waiting.names ?? []
  }

  /** True while a node waits for its turn. */
  isWaiting(name: string): boolean {
    const known = this.#nodes.get(name)
    return known !== undefined && this.#zones.get(known.zone)?.waiting.placeOf(name) !== undefined
  }

  /** Nodes per second that may be emptied in a zone. */
  rateIn(zone: string): number {
    return evictionRate(this.countOf(zone), this.#terms)
  }

  /** Takes in what a node is like now. */
  note(name: string, entry: Entry): void {
    this.forget(name, entry.zone)
    this.#nodes.set(name, entry)
    const zone = this.#zoneOf(entry.zone)
    if (!entry.counts) return
    if (entry.isReady) zone.ready++
    else zone.lost++
  }

  /** Drops a node; its place in the queue stays when it is still in `sameZone`. */
  forget(name: string, sameZone?: string): void {
    const known = this.#nodes.get(name)
    if (known === undefined) return
    this.#nodes.delete(name)
    const zone = this.#zoneOf(known.zone)
    if (known.zone !== sameZone) zone.waiting.delete(name)
    if (known.counts && known.isReady) zone.ready--
    if (known.counts && !known.isReady) zone.lost--
    if (zone.ready + zone.lost + zone.waiting.size === 0) this.#zones.delete(known.zone)
  }

  /** The node needs no turn (any more). */
  leave(name: string): void {
    const known = this.#nodes.get(name)
    if (known !== undefined) this.#zones.get(known.zone)?.waiting.delete(name)
  }

  /**
   * Asks for a turn: 0 when the node has it now, else the milliseconds after which to ask again; Infinity while the zone
   * evicts nothing.
   */
  askTurn(name: string, nowMs: number): number {
    const known = this.#nodes.get(name)
    if (known === undefined) return Infinity
    const zone = this.#zoneOf(known.zone)
    const place = zone.waiting.add(name)
    const rate = evictionRate(zone, this.#terms)
    if (rate <= 0) return Infinity
    const everyMs = 1000 / rate
    const dueMs = zone.lastMs + everyMs * (place + 1)
    if (place > 0 || dueMs > nowMs) return Math.max(askAgainMs, Math.ceil(dueMs - nowMs))
    zone.lastMs = nowMs
    zone.waiting.delete(name)
    return 0
  }

  #zoneOf(name: string): Zone {
    const known = this.#zones.get(name)
    if (known !== undefined) return known
    const made: Zone = { ready: 0, lost: 0, waiting: new WaitingLine(), lastMs: -Infinity }
    this.#zones.set(name, made)
    return made
  }
}
