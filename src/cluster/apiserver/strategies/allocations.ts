/**
 * Cluster addresses and node ports of services. What is taken is read from the stored services; what a running request
 * has chosen and not yet stored is reserved until that request ends.
 */
import type { Random } from '#world/ports/random.ts'

/** Numbers in a range, some taken. */
export class NumberPool {
  readonly #first: number
  readonly #last: number
  readonly #random: Random
  readonly #reserved = new Set<number>()

  constructor(range: readonly [first: number, last: number], random: Random) {
    this.#first = range[0]
    this.#last = range[1]
    this.#random = random
  }

  contains(value: number): boolean {
    return value >= this.#first && value <= this.#last
  }

  isReserved(value: number): boolean {
    return this.#reserved.has(value)
  }

  reserve(value: number): () => void {
    this.#reserved.add(value)
    return () => this.#reserved.delete(value)
  }

  /** A free number, undefined when there is none: a random start, then upwards, so that few tries are enough. */
  choose(isTaken: (value: number) => boolean): number | undefined {
    const size = this.#last - this.#first + 1
    const start = this.#random.below(size)
    for (let step = 0; step < size; step++) {
      const value = this.#first + ((start + step) % size)
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
export function addressRange(cidr: string): readonly [first: number, last: number] {
  const [address = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const base = Math.floor(addressNumber(address) / size) * size
  return [base + 1, base + Math.max(1, size - 2)]
}

/** The pools for a service range and a range of node ports. */
export function createAllocations(
  ranges: { readonly serviceCidr: string; readonly nodePorts: readonly [number, number] },
  random: Random,
): Allocations {
  return {
    addresses: new NumberPool(addressRange(ranges.serviceCidr), random),
    nodePorts: new NumberPool(ranges.nodePorts, random),
  }
}
