/** Where a store's keys lie in etcd: everything behind one prefix, so that several stores share one etcd. */
import { boundsOf, prefixEnd } from '../key-range.ts'
import type { Entry, KeyRange, StoreEvent } from '../versioned-store.ts'

/** Bounds as etcd wants them: from `key` on, below `rangeEnd`. */
export interface RawBounds {
  readonly key: string
  readonly rangeEnd: string
}

/** In etcd's requests: everything from the key on. */
const toTheEnd = '\0'
/** No key of a store contains it, so what begins with it is ours to use and below every key. */
const reserved = '\0'

/** Keys with and without the prefix. */
export class EtcdKeys {
  readonly prefix: string
  /** A key within the prefix that no reader of the store is shown: writing it moves the revision that watches tell. */
  readonly marker: string
  /** Everything behind the prefix, the marker included. */
  readonly everything: RawBounds

  constructor(prefix: string) {
    // With a separator, so that a prefix which begins another one shares nothing with it.
    this.prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
    this.marker = `${this.prefix}${reserved}progress`
    this.everything = { key: this.prefix + reserved, rangeEnd: prefixEnd(this.prefix) ?? toTheEnd }
  }

  /** The key as etcd has it. */
  raw(key: string): string {
    return this.prefix + key
  }

  /** A range as etcd has it, the marker left out. */
  bounds(range: KeyRange): RawBounds {
    const { start, end } = boundsOf(range)
    return {
      key: this.prefix + (start === '' ? '\u0001' : start),
      rangeEnd: end === undefined ? this.everything.rangeEnd : this.prefix + end,
    }
  }

  /** The entry as the store shows it. */
  entry(raw: Entry): Entry {
    return { ...raw, key: raw.key.slice(this.prefix.length) }
  }

  /** The event as the store shows it: a delete's entry is its key and the deleting revision. */
  event({ type, entry, previous }: StoreEvent): StoreEvent {
    const shown = this.entry(entry)
    return previous === undefined ? { type, entry: shown } : { type, entry: shown, previous: this.entry(previous) }
  }
}
