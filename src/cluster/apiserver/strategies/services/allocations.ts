/**
 * Cluster addresses and node ports of services. What is taken is read from the stored services; what a running request
 * has chosen and not yet stored is reserved until that request ends.
 */
import type { Random } from '#world/ports/random.ts'
import { type AddressBlock, addressAt } from './address-blocks.ts'

/** First and last number. */
export type NumberRange = readonly [first: number, last: number]

/** How many of the lowest numbers are left to those who choose for themselves: a share, at least, at most. */
interface KeptBand {
  readonly share: number
  readonly most: number
}

const keptLeast = 16
const addressBand: KeptBand = { share: 16, most: 256 }
const portBand: KeptBand = { share: 32, most: 128 }

/**
 * A free number, undefined when there is none: a random start above the lowest ones, then upwards, so that few tries are
 * enough; the lowest ones only when all others are taken.
 */
export function chooseNumber(
  [first, last]: NumberRange,
  kept: KeptBand,
  { random, isTaken }: { readonly random: Random; readonly isTaken: (value: number) => boolean },
): number | undefined {
  const size = last - first + 1
  const low = size <= keptLeast ? 0 : Math.min(kept.most, Math.max(keptLeast, Math.floor(size / kept.share)))
  const search = (from: number, to: number): number | undefined => {
    const count = to - from + 1
    const start = random.below(count)
    for (let step = 0; step < count; step++) {
      const value = from + ((start + step) % count)
      if (!isTaken(value)) return value
    }
    return undefined
  }
  const upper = search(first + low, last)
  return upper ?? (low === 0 ? undefined : search(first, first + low - 1))
}

/** What running requests hold, by its text. */
class Reservations<Key> {
  readonly #held = new Set<Key>()

  has(key: Key): boolean {
    return this.#held.has(key)
  }

  reserve(key: Key): () => void {
    this.#held.add(key)
    return () => this.#held.delete(key)
  }
}

/** Ports of nodes, some taken. */
export class PortPool {
  readonly #range: NumberRange
  readonly #random: Random
  readonly #reserved = new Reservations<number>()

  constructor(range: NumberRange, random: Random) {
    this.#range = range
    this.#random = random
  }

  contains(value: number): boolean {
    return value >= this.#range[0] && value <= this.#range[1]
  }

  reserve(value: number): () => void {
    return this.#reserved.reserve(value)
  }

  isReserved(value: number): boolean {
    return this.#reserved.has(value)
  }

  choose(isTaken: (value: number) => boolean): number | undefined {
    const taken = (value: number): boolean => this.#reserved.has(value) || isTaken(value)
    return chooseNumber(this.#range, portBand, { random: this.#random, isTaken: taken })
  }
}

/** Cluster addresses, some taken. */
export class AddressPool {
  readonly #random: Random
  readonly #reserved = new Reservations<string>()

  constructor(random: Random) {
    this.#random = random
  }

  reserve(address: string): () => void {
    return this.#reserved.reserve(address)
  }

  isReserved(address: string): boolean {
    return this.#reserved.has(address)
  }

  /** A free address of a block, undefined when all are taken. */
  choose(block: AddressBlock, isTaken: (address: string) => boolean): string | undefined {
    const taken = (offset: number): boolean => {
      const address = addressAt(block, offset)
      return this.#reserved.has(address) || isTaken(address)
    }
    const offset = chooseNumber([0, block.size - 1], addressBand, { random: this.#random, isTaken: taken })
    return offset === undefined ? undefined : addressAt(block, offset)
  }
}

/** The pools of one server. */
export interface Allocations {
  readonly addresses: AddressPool
  readonly nodePorts: PortPool
}

/** The pools for a range of node ports; addresses come from the ranges that there are when one is needed. */
export function createAllocations(ranges: { readonly nodePorts: NumberRange }, random: Random): Allocations {
  return { addresses: new AddressPool(random), nodePorts: new PortPool(ranges.nodePorts, random) }
}
