/** Places of objects in order, in blocks: one that comes or goes moves no more than its block, however many there are. */

/** A block is cut in two beyond this. */
const blockMax = 512

/** A set of texts by ascending code units. */
export class SortedPlaces {
  #blocks: string[][] = []
  /** Came at the start in any order and are put in order when somebody first asks. */
  #loaded: string[] = []

  /** Takes one of many; it must not be there yet. */
  load(place: string): void {
    this.#loaded.push(place)
  }

  /** Adds one that is not there yet. */
  add(place: string): void {
    const blocks = this.#inOrder()
    const at = Math.max(0, blockOf(blocks, place))
    const block = blocks[at]
    if (block === undefined) blocks.push([place])
    else {
      block.splice(lowerBound(block, place), 0, place)
      if (block.length > blockMax) blocks.splice(at + 1, 0, block.splice(cutOf(block, at === blocks.length - 1)))
    }
  }

  /** Takes one out that is there. */
  remove(place: string): void {
    const blocks = this.#inOrder()
    const at = blockOf(blocks, place)
    const block = blocks[at]
    if (block === undefined) return
    block.splice(lowerBound(block, place), 1)
    if (block.length === 0) blocks.splice(at, 1)
  }

  /** Those not below `start`, ascending; what comes or goes meanwhile may be missed. */
  *from(start: string): Generator<string, void, undefined> {
    const blocks = this.#inOrder()
    let at = Math.max(0, blockOf(blocks, start))
    let index = lowerBound(blocks[at] ?? [], start)
    for (; at < blocks.length; at++, index = 0) {
      const block = blocks[at] ?? []
      for (; index < block.length; index++) yield block[index] ?? ''
    }
  }

  #inOrder(): string[][] {
    if (this.#loaded.length > 0) {
      const all = [...this.#blocks.flat(), ...this.#loaded].sort((a, b) => (a < b ? -1 : 1))
      this.#blocks = Array.from({ length: Math.ceil(all.length / blockMax) }, (_, index) =>
        all.slice(index * blockMax, (index + 1) * blockMax),
      )
      this.#loaded = []
    }
    return this.#blocks
  }
}

/** Where a full block is cut: names that only ever come last leave full blocks behind. */
function cutOf(block: readonly string[], isLast: boolean): number {
  return isLast ? block.length - 1 : block.length >>> 1
}

/** The last block that begins at or before the place; -1 before the first. */
function blockOf(blocks: readonly (readonly string[])[], place: string): number {
  let low = 0
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((blocks[middle]?.[0] ?? '') <= place) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The first index whose place is not below `place`. */
function lowerBound(places: readonly string[], place: string): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle] ?? '') < place) low = middle + 1
    else high = middle
  }
  return low
}
