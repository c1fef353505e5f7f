/** What a watcher is sent, and who takes it. */
import type { CollectionEvent } from '../cache/collection.ts'
import type { StoredObject } from '../cache/stored-object.ts'

/** One event for one watcher. */
export interface WatchItem {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  /** Undefined for bookmarks. */
  readonly object: StoredObject | undefined
  readonly revision: number
  /** The collection's event behind it, where frames are kept for all watchers. */
  readonly event: CollectionEvent | undefined
  /** The bookmark that ends the initial events. */
  readonly endsInitial: boolean
}

/** Takes what a watcher is sent. */
export interface WatchSink {
  /** False when the watcher is too slow: its watch ends. */
  deliver(items: readonly WatchItem[]): boolean
  end(): void
}
