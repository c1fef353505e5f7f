/**
 * Cluster addresses and node ports of services. What is taken is read from the stored services; what a running request
 * has chosen and not yet stored is reserved until that request ends.
 */
import type { Random } from '#world/ports/random.ts'

/** First and last number. */
export type NumberRange = readonly [first: number, last: number]

/** How many of the lowest numbers are left to those who choose for themselves: a share, at least, at most. */
interface KeptBand {
  readonly share: number
  readonly most: number
}

const keptLeast = 16

/** Numbers in ranges, some taken. */
export class NumberPool {
  readonly #range: NumberRange
  readonly #kept: KeptBand
  readonly #random: Random
  readonly #reserved = new Set<number>()

  /** @param range where nothing else is said */
  constructor(range: NumberRange, kept: KeptBand, random: Random) {
    this.#range = range
    this.#kept = kept
    this.#random = random
  }

  contains(value: number, [first, last]: NumberRange = this.#range): boolean {
    return value >= first && value <= last
  }

  isReserved(value: number): boolean {
    return this.#reserved.has(value)
  }

  reserve(value: number): () => void {
    this.#reserved.add(value)
    return () => this.#reserved.delete(value)
  }

  /**
   * A free number, undefined when there is none: a random start above the lowest ones, then upwards, so that few tries are
   * enough; the lowest ones only when all others are taken.
   */
  choose(isTaken: (value: number) => boolean, range: NumberRange = this.#range): number | undefined {
    const [first, last] = range
    const size = last - first + 1
    const kept =
      size <= keptLeast ? 0 : Math.min(this.#kept.most, Math.max(keptLeast, Math.floor(size / this.#kept.share)))
    const upper = this.#chooseIn([first + kept, last], isTaken)
    return upper ?? (kept === 0 ? undefined : this.#chooseIn([first, first + kept - 1], isTaken))
  }

  #chooseIn([first, last]: NumberRange, isTaken: (value: number) => boolean): number | undefined {
    const size = last - first + 1
    const start = this.#random.below(size)
    for (let step = 0; step < size; step++) {
      const value = first + ((start + step) % size)
      if (!this.#reserved.has(value) && !isTaken(value)) return value
    }
    return undefined
  }
}

/** The pools of one server. */
export interface Allocations {
  readonly addresses: NumberPool
  readonly nodePorts: NumberPool
}

/** `10.0.0.1` as a number; NaN for anything else. */
export function addressNumber(text: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return Number.NaN
  const parts = match.slice(1).map(Number)
  return parts.some((part) => part > 255) ? Number.NaN : parts.reduce((sum, part) => sum * 256 + part, 0)
}

/** The address of a number. */
export function addressText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** First and last usable address of a range: without network and broadcast address. */
export function addressRange(cidr: string): NumberRange {
  const [address = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const base = Math.floor(addressNumber(address) / size) * size
  return [base + 1, base + Math.max(1, size - 2)]
}

/** The pools for a service range and a range of node ports. */
export function createAllocations(
  ranges: { readonly serviceCidr: string; readonly nodePorts: NumberRange },
  random: Random,
): Allocations {
  return {
    addresses: new NumberPool(addressRange(ranges.serviceCidr), { share: 16, most: 256 }, random),
    nodePorts: new NumberPool(ranges.nodePorts, { share: 32, most: 128 }, random),
  }
}
