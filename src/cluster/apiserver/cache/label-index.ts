/** Which objects of a collection carry a label: selectors by equality look at those instead of at all. */
import type { Requirement } from '#base/data/label-selector.ts'
import type { StoredObject } from './stored-object.ts'

/** Places by label key and value. */
export class LabelIndex {
  readonly #places = new Map<string, Map<string, Set<string>>>()

  add({ place, labels }: StoredObject): void {
    for (const [key, value] of Object.entries(labels)) {
      let values = this.#places.get(key)
      if (values === undefined) this.#places.set(key, (values = new Map<string, Set<string>>()))
      const places = values.get(value)
      if (places === undefined) values.set(value, new Set([place]))
      else places.add(place)
    }
  }

  remove({ place, labels }: StoredObject): void {
    for (const [key, value] of Object.entries(labels)) {
      const values = this.#places.get(key)
      const places = values?.get(value)
      if (values === undefined || places?.delete(place) !== true || places.size > 0) continue
      values.delete(value)
      if (values.size === 0) this.#places.delete(key)
    }
  }

  /** The fewest places known to hold everything that meets all requirements; undefined when no requirement asks for values. */
  candidates(requirements: readonly Requirement[]): readonly string[] | undefined {
    let fewest: readonly Set<string>[] | undefined
    let fewestCount = Infinity
    for (const { key, operator, values } of requirements) {
      if (operator !== 'in') continue
      const known = this.#places.get(key)
      const sets = [...new Set(values)].map((value) => known?.get(value)).filter((set) => set !== undefined)
      const count = sets.reduce((sum, set) => sum + set.size, 0)
      if (count < fewestCount) [fewest, fewestCount] = [sets, count]
    }
    return fewest?.flatMap((set) => [...set])
  }
}
