/** Addresses of the pods of one simulated node, one out of each of its ranges; none is given twice while in use. */
import { formatIp, parseCidr, parseIp } from '#spec/kubernetes/validation/ip-address.ts'

export class PodAddresses {
  /** The bytes of the first address of each range; a pod's number is the last byte. */
  readonly #bases: readonly (readonly number[])[]
  readonly #hosts = new Map<string, number>()
  readonly #inUse = new Set<number>()
  #next = 2

  /**
   * @param ranges what was given to the node (`10.244.3.0/24`, one of each family); where nobody gives any, a /24 of
   * 10.64.0.0/11 by its index
   */
  constructor(index: number, ranges: readonly string[] = []) {
    const known = ranges.flatMap((range) => parseCidr(range)?.address.bytes ?? [])
    const own = [10, 64 + ((index >> 8) & 31), index & 255, 0]
    this.#bases = known.length === 0 ? [own] : ranges.flatMap((range) => [parseCidr(range)?.address.bytes ?? []])
  }

  /** The addresses of a pod, the first family's first; the ones it has already, if it has any. */
  of(uid: string, current?: string): readonly string[] {
    let host = this.#hosts.get(uid)
    if (host === undefined) {
      host = this.#hostOf(current) ?? this.#free()
      this.#inUse.add(host)
      this.#hosts.set(uid, host)
    }
    return this.#addresses(host)
  }

  release(uid: string): void {
    const host = this.#hosts.get(uid)
    if (host === undefined) return
    this.#hosts.delete(uid)
    this.#inUse.delete(host)
  }

  #addresses(host: number): readonly string[] {
    return this.#bases.map((bytes) => formatIp({ bytes: [...bytes.slice(0, -1), host] }))
  }

  #hostOf(address: string | undefined): number | undefined {
    const host = address === undefined ? undefined : parseIp(address)?.bytes.at(-1)
    return host !== undefined && this.#addresses(host)[0] === address ? host : undefined
  }

  #free(): number {
    for (let tries = 0; tries < 253; tries++) {
      const host = this.#next
      this.#next = this.#next >= 254 ? 2 : this.#next + 1
      if (!this.#inUse.has(host)) return host
    }
    throw new Error('a simulated node has no address left')
  }
}
