/**
 * The indexed cache behind an informer. Beside what the watch brings it takes in the results of the controller's own
 * writes at once, so that a plan never works on a picture older than its own last action: this replaces the
 * "expectations" that guard against creating twice. Versions decide which of two pictures is newer.
 */
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { compareVersions, keyOf } from './object-key.ts'

/** What happened to one object; `previous` is missing for new ones. */
export interface CacheChange<T> {
  readonly type: 'added' | 'updated' | 'deleted'
  readonly object: T
  readonly previous?: T
}

export type IndexBy<T> = (object: T) => readonly string[]

export class ObjectCache<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, { readonly by: IndexBy<T>; readonly keys: Map<string, Set<string>> }>()
  readonly #notify: (change: CacheChange<T>) => void
  /** The newest version that the watch has told us about: it knows everything up to there. */
  #version = '0'

  constructor(notify: (change: CacheChange<T>) => void) {
    this.#notify = notify
  }

  get version(): string {
    return this.#version
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  /** All objects, oldest entry first. */
  list(): T[] {
    return [...this.#objects.values()]
  }

  /** The objects that an index files under a value. */
  byIndex(index: string, value: string): T[] {
    const found = this.#indexes.get(index)
    if (found === undefined) throw new Error(`there is no index ${index}`)
    const keys = found.keys.get(value)
    if (keys === undefined) return []
    return [...keys].flatMap((key) => this.#objects.get(key) ?? [])
  }

  /** Adds an index; the same name again is the same index. */
  addIndex(name: string, by: IndexBy<T>): void {
    if (this.#indexes.has(name)) return
    this.#indexes.set(name, { by, keys: new Map() })
    for (const [key, object] of this.#objects) this.#file(key, object, [name])
  }

  /** The whole collection as of `version`: what is older and not in it is gone. */
  replace(objects: readonly T[], version: string): void {
    const listed = new Set(objects.map(keyOf))
    this.#version = version
    for (const [key, known] of this.#objects) {
      // A write of our own that is newer than the list stays until the watch has passed it.
      const isNewer = compareVersions(known.metadata.resourceVersion ?? '', version) > 0
      if (!listed.has(key) && !isNewer) this.#remove(key, known)
    }
    for (const object of objects) this.#put(object)
  }

  /** One event of the watch. */
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    this.advance(object.metadata.resourceVersion ?? '')
    const key = keyOf(object)
    const known = this.#objects.get(key)
    if (type !== 'DELETED') this.#put(object)
    else if (known !== undefined && !isOlder(object, known)) this.#remove(key, object)
  }

  /** The watch has seen everything up to a version (an event or a bookmark). */
  advance(version: string): void {
    if (version !== '' && compareVersions(version, this.#version) > 0) this.#version = version
  }

  /** The answer to a write of our own: taken in unless the watch already knows more. */
  observe(object: T): void {
    const version = object.metadata.resourceVersion
    if (version === undefined || compareVersions(version, this.#version) <= 0) return
    this.#put(object)
  }

  /** An object that we deleted and that is gone at once. */
  observeDeleted(object: T): void {
    const key = keyOf(object)
    const known = this.#objects.get(key)
    if (known !== undefined && known.metadata.uid === object.metadata.uid) this.#remove(key, known)
  }

  #put(object: T): void {
    const key = keyOf(object)
    const known = this.#objects.get(key)
    if (known !== undefined && !isNewer(object, known)) return
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) this.#remove(key, known)
    const previous = this.#objects.get(key)
    if (previous !== undefined) this.#unfile(key, previous)
    this.#objects.set(key, object)
    this.#file(key, object, this.#indexes.keys())
    this.#notify(previous === undefined ? { type: 'added', object } : { type: 'updated', object, previous })
  }

  #remove(key: string, last: T): void {
    const known = this.#objects.get(key)
    if (known === undefined) return
    this.#unfile(key, known)
    this.#objects.delete(key)
    this.#notify({ type: 'deleted', object: last, previous: known })
  }

  #file(key: string, object: T, names: Iterable<string>): void {
    for (const name of names) {
      const index = this.#indexes.get(name)
      for (const value of index?.by(object) ?? []) {
        const keys = index?.keys.get(value)
        if (keys === undefined) index?.keys.set(value, new Set([key]))
        else keys.add(key)
      }
    }
  }

  #unfile(key: string, object: T): void {
    for (const index of this.#indexes.values()) {
      for (const value of index.by(object)) {
        const keys = index.keys.get(value)
        keys?.delete(key)
        if (keys?.size === 0) index.keys.delete(value)
      }
    }
  }
}

function isNewer(object: KubernetesObject, known: KubernetesObject): boolean {
  return compareVersions(object.metadata.resourceVersion ?? '', known.metadata.resourceVersion ?? '') > 0
}

function isOlder(object: KubernetesObject, known: KubernetesObject): boolean {
  return compareVersions(object.metadata.resourceVersion ?? '', known.metadata.resourceVersion ?? '') < 0
}
