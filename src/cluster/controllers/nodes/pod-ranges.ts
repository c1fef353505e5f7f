/** Ranges of pod addresses, one a node, cut out of the cluster's range. Of either family. */
import { formatIp, parseCidr } from '#spec/kubernetes/validation/ip-address.ts'

/** More pieces than nodes that a cluster can have. */
const piecesMost = 2 ** 24

/** Cuts a range into equal pieces and knows which are taken. */
export class PodRanges {
  readonly #base: bigint
  readonly #addressBits: number
  readonly #bits: number
  readonly #count: number
  readonly #taken = new Set<number>()
  #next = 0

  /** @param cidr such as `10.244.0.0/16`; a text that is none has no pieces @param nodeBits length of a node's prefix: 24 */
  constructor(cidr: string, nodeBits: number) {
    const block = parseCidr(cidr)
    const bytes = block?.address.bytes ?? []
    const prefix = block?.prefix ?? nodeBits + 1
    this.#addressBits = bytes.length * 8
    this.#bits = nodeBits
    this.#count = nodeBits < prefix ? 0 : 2 ** Math.min(Math.log2(piecesMost), nodeBits - prefix)
    const hostBits = BigInt(Math.max(0, this.#addressBits - prefix))
    this.#base = (numberOf(bytes) >> hostBits) << hostBits
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

  get #pieceBits(): bigint {
    return BigInt(this.#addressBits - this.#bits)
  }

  #textOf(index: number): string {
    const value = this.#base + (BigInt(index) << this.#pieceBits)
    const length = this.#addressBits / 8
    const bytes = Array.from({ length }, (_, at) => Number((value >> BigInt((length - 1 - at) * 8)) & 255n))
    return `${formatIp({ bytes })}/${this.#bits}`
  }

  #indexOf(range: string): number | undefined {
    const bytes = parseCidr(range)?.address.bytes
    if (bytes === undefined || bytes.length * 8 !== this.#addressBits) return undefined
    const index = (numberOf(bytes) - this.#base) >> this.#pieceBits
    return index >= 0n && index < BigInt(this.#count) ? Number(index) : undefined
  }
}

function numberOf(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
