/** The objects of one resource in key order, their recent events, and those who watch them. */
import type { Requirement } from '#base/data/label-selector.ts'
import { LabelIndex } from './label-index.ts'
import { SortedPlaces } from './sorted-places.ts'
import type { StoredObject } from './stored-object.ts'

/** Events that stay readable for watches that resume; older versions get 410. */
const eventsMax = 4096
/** Fewer objects are looked at faster than found. */
const indexedFrom = 256

/** One change. `object` is the new state, or the last one with the deleting version. */
export interface CollectionEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  readonly object: StoredObject
  /** The state before, which a selector may have matched. */
  readonly previous: StoredObject | undefined
  /** Encoded frames by format, so that an event is serialised once for all who watch when it comes; undefined after that. */
  frames: Map<string, Buffer> | undefined
}

/** Somebody who hears of events as they come. */
export interface CollectionListener {
  hear(event: CollectionEvent): void
  /** Called after the events of one commit. */
  flush(): void
  /** What follows cannot be told as events: a watch ends. */
  end(): void
}

/** Objects by place, sorted; one per storage key. */
export class Collection {
  readonly storage: string
  readonly #objects = new Map<string, StoredObject>()
  readonly #places = new SortedPlaces()
  #events: CollectionEvent[] = []
  /** Events that came since the last flush. */
  #fresh: CollectionEvent[] = []
  #eventsFrom: number
  #lastChange: number
  readonly #listeners = new Set<CollectionListener>()
  /** Made when somebody first selects by label. */
  #byLabel: LabelIndex | undefined

  constructor(storage: string, revision: number) {
    this.storage = storage
    this.#eventsFrom = revision
    this.#lastChange = 0
  }

  get size(): number {
    return this.#objects.size
  }

  /** The version of its newest change, 0 when it never changed since the server started. */
  get lastChange(): number {
    return this.#lastChange
  }

  /** Events after this version are still known. */
  get oldestResumable(): number {
    return this.#eventsFrom
  }

  get(place: string): StoredObject | undefined {
    return this.#objects.get(place)
  }

  /** Objects in key order whose place begins with `prefix`, from `start` on. */
  *range(prefix: string = '', start: string = prefix): Generator<StoredObject, void, undefined> {
    for (const place of this.#places.from(start > prefix ? start : prefix)) {
      if (!place.startsWith(prefix)) return
      const object = this.#objects.get(place)
      if (object !== undefined) yield object
    }
  }

  /** As `range`, without objects of which an index knows that they do not meet the requirements. */
  selected(requirements: readonly Requirement[], prefix: string = '', start: string = prefix): Iterable<StoredObject> {
    const places = this.#index(requirements)?.candidates(requirements)
    if (places === undefined || places.length > this.#objects.size / 2) return this.range(prefix, start)
    const wanted = places.filter((place) => place.startsWith(prefix) && place >= start).sort((a, b) => (a < b ? -1 : 1))
    return wanted.flatMap((place) => this.#objects.get(place) ?? [])
  }

  /** Every object, in no particular order: for decisions that do not depend on it. */
  values(): IterableIterator<StoredObject> {
    return this.#objects.values()
  }

  /** Events after a version, oldest first; undefined when some of them are forgotten. */
  eventsAfter(revision: number): readonly CollectionEvent[] | undefined {
    if (revision < this.#eventsFrom) return undefined
    let from = this.#events.length
    while (from > 0 && (this.#events[from - 1]?.revision ?? 0) > revision) from--
    return this.#events.slice(from)
  }

  /** Takes in what was there at the start. */
  load(object: StoredObject): void {
    this.#objects.set(object.place, object)
    this.#byLabel?.add(object)
    this.#places.load(object.place)
    this.#lastChange = Math.max(this.#lastChange, object.revision)
  }

  /** What was loaded is of this version; events are known from there on. */
  beginAt(revision: number): void {
    this.#eventsFrom = revision
  }

  /**
   * Has it hold what was loaded anew at a version, of which nobody knows how it came about: watches end and cannot resume,
   * whoever else listens hears of the difference.
   */
  replace(objects: Iterable<StoredObject>, revision: number): void {
    for (const listener of this.#listeners) listener.end()
    const gone = new Set(this.#objects.keys())
    let lastChange = 0
    for (const object of objects) {
      gone.delete(object.place)
      lastChange = Math.max(lastChange, object.revision)
      const known = this.#objects.get(object.place)
      if (known?.revision !== object.revision || !known.stored.equals(object.stored)) this.put(object)
    }
    for (const place of gone) this.remove(place, revision)
    this.#events = []
    this.#eventsFrom = revision
    this.#lastChange = gone.size === 0 ? lastChange : revision
    this.flush()
  }

  put(object: StoredObject): void {
    const previous = this.#objects.get(object.place)
    this.#objects.set(object.place, object)
    if (previous === undefined) this.#places.add(object.place)
    else this.#byLabel?.remove(previous)
    this.#byLabel?.add(object)
    const type = previous === undefined ? 'ADDED' : 'MODIFIED'
    this.#tell({ type, revision: object.revision, object, previous, frames: this.#frames() })
  }

  remove(place: string, revision: number): void {
    const previous = this.#objects.get(place)
    if (previous === undefined) return
    this.#objects.delete(place)
    this.#byLabel?.remove(previous)
    this.#places.remove(place)
    this.#tell({ type: 'DELETED', revision, object: previous.at(revision), previous, frames: this.#frames() })
  }

  listen(listener: CollectionListener): void {
    this.#listeners.add(listener)
  }

  ignore(listener: CollectionListener): void {
    this.#listeners.delete(listener)
  }

  flush(): void {
    for (const listener of this.#listeners) listener.flush()
    for (const event of this.#fresh) event.frames = undefined
    this.#fresh = []
  }

  close(): void {
    for (const listener of this.#listeners) listener.end()
    this.#listeners.clear()
  }

  #frames(): Map<string, Buffer> | undefined {
    return this.#listeners.size > 0 ? new Map<string, Buffer>() : undefined
  }

  #tell(event: CollectionEvent): void {
    this.#lastChange = event.revision
    this.#events.push(event)
    this.#fresh.push(event)
    if (this.#events.length > eventsMax * 1.25) {
      const gone = this.#events.length - eventsMax
      this.#eventsFrom = this.#events[gone - 1]?.revision ?? this.#eventsFrom
      this.#events = this.#events.slice(gone)
    }
    for (const listener of this.#listeners) listener.hear(event)
  }

  #index(requirements: readonly Requirement[]): LabelIndex | undefined {
    if (requirements.length === 0 || this.#objects.size < indexedFrom) return this.#byLabel
    if (this.#byLabel === undefined) {
      this.#byLabel = new LabelIndex()
      for (const object of this.#objects.values()) this.#byLabel.add(object)
    }
    return this.#byLabel
  }
}
