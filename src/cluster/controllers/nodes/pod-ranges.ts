/** Ranges of pod addresses, one a node, cut out of the cluster's range. IPv4. */

/** Cuts a range into equal pieces and knows which are taken. */
export class PodRanges {
  readonly #base: number
  readonly #bits: number
  readonly #count: number
  readonly #taken = new Set<number>()
  #next = 0

  /** @param cidr such as `10.244.0.0/16` @param nodeBits length of a node's prefix: 24 */
  constructor(cidr: string, nodeBits: number) {
    const [address = '', bits = '32'] = cidr.split('/')
    this.#count = 2 ** Math.max(0, nodeBits - Number(bits))
    this.#bits = nodeBits
    const size = 2 ** (32 - Number(bits))
    this.#base = Math.floor(numberOf(address) / size) * size
  }

  /** Takes the next free range; undefined when all are taken. Ranges given back wait until the others have had their turn. */
  take(): string | undefined {
    for (let step = 0; step < this.#count; step++) {
      const index = (this.#next + step) % this.#count
      if (this.#taken.has(index)) continue
      this.#taken.add(index)
      this.#next = (index + 1) % this.#count
      return this.#textOf(index)
    }
    return undefined
  }

  /** A node has this range already. Ranges that are not of this cluster count for nothing. */
  occupy(range: string): void {
    const index = this.#indexOf(range)
    if (index !== undefined) this.#taken.add(index)
  }

  release(range: string): void {
    const index = this.#indexOf(range)
    if (index !== undefined) this.#taken.delete(index)
  }

  #textOf(index: number): string {
    const value = this.#base + index * 2 ** (32 - this.#bits)
    return `${[24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')}/${this.#bits}`
  }

  #indexOf(range: string): number | undefined {
    const [address = ''] = range.split('/')
    const index = Math.floor((numberOf(address) - this.#base) / 2 ** (32 - this.#bits))
    return index >= 0 && index < this.#count ? index : undefined
  }
}

function numberOf(address: string): number {
  const parts = address.split('.').map(Number)
  return parts.length === 4 ? parts.reduce((sum, part) => sum * 256 + part, 0) : Number.NaN
}
