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

interface Index<T> {
  readonly by: IndexBy<T>
  /** Keys of the objects filed under each value. */
  readonly keys: Map<string, Set<string>>
  /** What was last asked for, until one of its objects changes. */
  readonly lists: Map<string, readonly T[]>
}

export class ObjectCache<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()
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
  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index)
    if (found === undefined) throw new Error(`there is no index ${index}`)
    const keys = found.keys.get(value)
    if (keys === undefined) return []
    const known = found.lists.get(value)
    if (known !== undefined) return known
    const listed = Array.from(keys, (key) => this.#objects.get(key) as T)
    found.lists.set(value, listed)
    return listed
  }

  /** Adds an index; the same name again is the same index. */
  addIndex(name: string, by: IndexBy<T>): void {
    if (this.#indexes.has(name)) return
    const index = { by, keys: new Map<string, Set<string>>(), lists: new Map<string, readonly T[]>() }
    this.#indexes.set(name, index)
    for (const [key, object] of this.#objects) refile(index, key, { previous: undefined, object })
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
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) refile(index, key, { previous, object })
    this.#notify(previous === undefined ? { type: 'added', object } : { type: 'updated', object, previous })
  }

  #remove(key: string, last: T): void {
    const known = this.#objects.get(key)
    if (known === undefined) return
    this.#objects.delete(key)
    for (const index of this.#indexes.values()) refile(index, key, { previous: known, object: undefined })
    this.#notify({ type: 'deleted', object: last, previous: known })
  }
}

const nowhere: readonly string[] = []

/** Files an object's new state instead of the one before; most changes leave it where it is. */
function refile<T>(
  index: Index<T>,
  key: string,
  { previous, object }: { readonly previous: T | undefined; readonly object: T | undefined },
): void {
  const before = previous === undefined ? nowhere : index.by(previous)
  const now = object === undefined ? nowhere : index.by(object)
  for (const value of before) index.lists.delete(value)
  if (before.length === now.length && before.every((value, at) => value === now[at])) return
  for (const value of before) if (!now.includes(value)) takeOut(index, value, key)
  for (const value of now) file(index, value, key)
}

function takeOut<T>({ keys }: Index<T>, value: string, key: string): void {
  const filed = keys.get(value)
  filed?.delete(key)
  if (filed?.size === 0) keys.delete(value)
}

function file<T>({ keys, lists }: Index<T>, value: string, key: string): void {
  lists.delete(value)
  const filed = keys.get(value)
  if (filed === undefined) keys.set(value, new Set([key]))
  else filed.add(key)
}

function isNewer(object: KubernetesObject, known: KubernetesObject): boolean {
  return compareVersions(object.metadata.resourceVersion ?? '', known.metadata.resourceVersion ?? '') > 0
}

function isOlder(object: KubernetesObject, known: KubernetesObject): boolean {
  return compareVersions(object.metadata.resourceVersion ?? '', known.metadata.resourceVersion ?? '') < 0
}
