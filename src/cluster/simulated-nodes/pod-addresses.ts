/** Addresses of the pods of one simulated node, out of its range; none is given twice while in use. */

export class PodAddresses {
  readonly #prefix: string
  readonly #byUid = new Map<string, string>()
  readonly #inUse = new Set<number>()
  #next = 2

  /** The range that was given to the node (`10.244.3.0/24`); where nobody gives any, a /24 of 10.64.0.0/11 by its index. */
  constructor(index: number, range?: string) {
    this.#prefix = range?.split('.').slice(0, 3).join('.') ?? `10.${64 + ((index >> 8) & 31)}.${index & 255}`
  }

  /** The address of a pod; the one it has already, if it has one. */
  of(uid: string, current?: string): string {
    const known = this.#byUid.get(uid)
    if (known !== undefined) return known
    const taken =
      current !== undefined && current.startsWith(`${this.#prefix}.`) ? Number(current.split('.')[3]) : undefined
    const host = taken ?? this.#free()
    const address = `${this.#prefix}.${host}`
    this.#inUse.add(host)
    this.#byUid.set(uid, address)
    return address
  }

  release(uid: string): void {
    const address = this.#byUid.get(uid)
    if (address === undefined) return
    this.#byUid.delete(uid)
    this.#inUse.delete(Number(address.split('.')[3]))
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
