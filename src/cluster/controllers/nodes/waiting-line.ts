/** Names in a line, first come first served; each one's place is found without counting those before it. */
export class WaitingLine {
  readonly #tickets = new Map<string, number>()
  /** The tickets in line, rising. */
  readonly #line: number[] = []
  #next = 0

  get size(): number {
    return this.#tickets.size
  }

  get names(): readonly string[] {
    return [...this.#tickets.keys()]
  }

  /** Joins the line where it ends, or stays. @returns how many stand before it. */
  add(name: string): number {
    const place = this.placeOf(name)
    if (place !== undefined) return place
    this.#tickets.set(name, this.#next)
    return this.#line.push(this.#next++) - 1
  }

  /** How many stand before it; undefined when it is not in line. */
  placeOf(name: string): number | undefined {
    const ticket = this.#tickets.get(name)
    return ticket === undefined ? undefined : this.#find(ticket)
  }

  delete(name: string): void {
    const place = this.placeOf(name)
    if (place === undefined) return
    this.#line.splice(place, 1)
    this.#tickets.delete(name)
  }

  #find(ticket: number): number {
    let from = 0
    let to = this.#line.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((this.#line[middle] ?? Infinity) < ticket) from = middle + 1
      else to = middle
    }
    return from
  }
}
