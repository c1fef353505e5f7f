/**
 * One copy of each set of managed fields. Objects made from one template by one program are owned in the same way, and
 * these trees are the larger half of an object in memory.
 */
import type { ApiObject } from '../api-object.ts'

/** Sets that are remembered; what is beyond is forgotten, not lost: objects keep their own. */
const setsMax = 2048

export class FieldSetPool {
  readonly #sets = new Map<string, object>()
  /** Sets that are shared already, so that most need not be written out to be found. */
  readonly #shared = new WeakSet<object>()

  /** The object's metadata with shared sets of managed fields. */
  shared(metadata: ApiObject['metadata']): ApiObject['metadata'] {
    const { managedFields } = metadata
    if (!Array.isArray(managedFields)) return metadata
    if (managedFields.every(({ fieldsV1 }) => this.#isShared(fieldsV1))) return metadata
    return {
      ...metadata,
      managedFields: managedFields.map((entry) => ({ ...entry, fieldsV1: this.#share(entry.fieldsV1) })),
    }
  }

  #isShared(set: unknown): boolean {
    return typeof set !== 'object' || set === null || this.#shared.has(set)
  }

  #share<T>(set: T): T {
    if (typeof set !== 'object' || set === null || this.#shared.has(set)) return set
    const text = JSON.stringify(set)
    const known = this.#sets.get(text)
    if (known !== undefined) return known as T
    if (this.#sets.size >= setsMax) this.#sets.clear()
    this.#sets.set(text, set)
    this.#shared.add(set)
    return set
  }
}
