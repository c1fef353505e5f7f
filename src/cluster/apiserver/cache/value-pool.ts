/**
 * One copy of what objects have in common. Objects made from one template differ in their names and little else, but each is
 * decoded from bytes of its own; shared, ten thousand pods of a kind take the memory of a few.
 */

/** Texts and trees that are remembered; a newer one takes the place of an older one, so that the pool has a fixed size. */
const textsCount = 8192
const treesCount = 4096
/** What lies deeper is left as it is. */
const depthMax = 100
/** About so many characters of a text are looked at to find its place. */
const sampledCharacters = 8

type Members = Record<string, unknown>

/** Values given to it must be JSON and must not be changed by anybody afterwards: others hold them too. */
export class ValuePool {
  readonly #texts = Array.from<string | undefined>({ length: textsCount })
  readonly #trees = Array.from<object | undefined>({ length: treesCount })
  /** Of the value last shared; equal values have equal ones. */
  #hash = 0
  #depth = 0
  /** Names of members of the objects that are being walked, outer ones first. */
  readonly #names: string[] = []

  /** The shared copy of an equal value, or the value itself, which then is that copy; its inner values are replaced by theirs. */
  share(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (typeof value === 'object' && value !== null && this.#depth < depthMax) {
      this.#depth++
      const shared = Array.isArray(value) ? this.#list(value) : this.#members(value as Members)
      this.#depth--
      return shared
    }
    this.#hash = typeof value === 'number' ? value | 0 : value === true ? 1 : 2
    return value
  }

  #text(text: string): string {
    let hash = text.length
    const stride = Math.ceil(text.length / sampledCharacters)
    // From the end: names differ there.
    for (let at = text.length - 1; at >= 0; at -= stride) hash = mixed(hash, text.charCodeAt(at))
    this.#hash = settled(hash)
    const place = this.#hash & (textsCount - 1)
    const known = this.#texts[place]
    if (known === text) return known
    this.#texts[place] = text
    return text
  }

  #list(items: unknown[]): unknown {
    let hash = items.length
    for (let index = 0; index < items.length; index++) {
      const item = items[index]
      const shared = this.share(item)
      if (shared !== item) replace(items, index, shared)
      hash = mixed(hash, this.#hash)
    }
    this.#hash = settled(hash)
    const known = this.#trees[this.#hash & (treesCount - 1)]
    return Array.isArray(known) && areSameItems(known, items) ? known : this.#keep(items)
  }

  #members(members: Members): unknown {
    const first = this.#names.length
    let hash = 1
    for (const name in members) {
      const value = members[name]
      const shared = this.share(value)
      if (shared !== value) replace(members, name, shared)
      this.#names.push(name)
      hash = mixed(mixed(hash, name.length), this.#hash)
    }
    this.#hash = settled(hash)
    const known = this.#trees[this.#hash & (treesCount - 1)]
    const isKnown =
      known !== undefined && !Array.isArray(known) && this.#hasSameMembers(known as Members, members, first)
    this.#names.length = first
    return isKnown ? known : this.#keep(members)
  }

  #keep(tree: object): object {
    this.#trees[this.#hash & (treesCount - 1)] = tree
    return tree
  }

  /** The same members in the same order: what is shared must also be written in the same way. */
  #hasSameMembers(known: Members, members: Members, first: number): boolean {
    let index = first
    for (const name in known) if (this.#names[index++] !== name) return false
    if (index !== this.#names.length) return false
    // Not in the loop above: a look-up by a name that enumerates another object is compiled for one name at a time.
    for (let at = first; at < this.#names.length; at++) {
      const name = this.#names[at] ?? ''
      if (known[name] !== members[name]) return false
    }
    return true
  }
}

/** Puts an equal value in place of another; what cannot be changed keeps its own. */
function replace(holder: Members | unknown[], key: string | number, value: unknown): void {
  if (!Object.isFrozen(holder)) (holder as Members)[key] = value
}

function areSameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}

function mixed(hash: number, next: number): number {
  return (Math.imul(hash, 31) + next) | 0
}

function settled(hash: number): number {
  return hash ^ (hash >>> 13)
}
