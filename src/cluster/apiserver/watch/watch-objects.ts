/**
 * WATCH: what a watcher sees of a collection from a version on. Objects that begin or cease to match its selectors come as
 * ADDED and DELETED; bookmarks tell the version about once a minute; a watcher that cannot keep up is ended, never waited for.
 */
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { type ApiRequest, booleanQuery, integerQuery } from '../api-request.ts'
import type { Collection, CollectionEvent, CollectionListener } from '../cache/collection.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import { convertingSink } from './convert-watch.ts'
import { readVersion, type Selection, selectionOf } from '../read-objects.ts'
import { expired, invalid } from '../status-errors.ts'
import type { AskedVersion } from '../wire/resource-version.ts'
import type { WatchItem, WatchSink } from './watch-sink.ts'

export interface WatchParts {
  readonly cache: ObjectCache
  readonly clock: Clock
  readonly random: Random
}

const bookmarkMs = 60_000
/** A watch without a timeout of its own ends after 30 to 60 minutes, so that watches spread over restarted servers. */
const timeoutLeastMs = 30 * 60_000

/** A watch that is about to begin: failures have been found, nothing is delivered before `begin`. */
export interface PreparedWatch {
  begin(sink: WatchSink): Disposable
}

/** A watch that is well asked for. */
export interface CheckedWatch {
  /** Waits for its version. @throws 410 and 504 for one that is gone or does not come. */
  prepare(): Promise<PreparedWatch>
}

/** Checks what a watch asks for. @throws 400, 422, 500. */
export function checkWatch(parts: WatchParts, request: ApiRequest): CheckedWatch {
  const selection = selectionOf(request)
  const version = readVersion(request.query('resourceVersion'))
  const initial = checkInitialEvents(request)
  const timeoutMs = timeoutOf(request, parts.random)
  return { prepare: () => prepareWatch(parts, request, { selection, version, initial, timeoutMs }) }
}

interface AskedWatch {
  readonly selection: Selection
  readonly version: AskedVersion | undefined
  readonly initial: boolean
  readonly timeoutMs: number
}

async function prepareWatch(
  parts: WatchParts,
  request: ApiRequest,
  { selection, version: asked, initial, timeoutMs }: AskedWatch,
): Promise<PreparedWatch> {
  const { cache } = parts
  // A version that is not there yet is waited for by the watch itself, unless it begins with objects.
  if (asked === undefined) await cache.catchUp()
  else if (initial) await cache.reach(asked)
  const version = Number(asked ?? 0)
  const collection = cache.collection(request.resource.storage)
  const fromNow = version === 0 || initial
  const missed = fromNow ? [] : cache.isLost(version) ? undefined : collection.eventsAfter(version)
  if (missed === undefined) throw expired(`too old resource version: ${version} (${collection.oldestResumable})`)
  return {
    begin: (direct) => {
      const ahead = request.resource.conversion?.ahead
      const sink = ahead === undefined ? direct : convertingSink(direct, ahead)
      const watch = new Watch({
        parts,
        collection,
        selection,
        sink,
        prefix: prefixOf(request.namespace),
        timeoutMs,
        bookmarks: booleanQuery(request, 'allowWatchBookmarks') === true,
      })
      if (fromNow) watch.beginNow(initial)
      // What came since the check is still in the log: nothing is lost between the two.
      else watch.beginAfter(collection.eventsAfter(version) ?? missed, version)
      return watch
    },
  }
}

function prefixOf(namespace: string): string {
  return namespace === '' ? '' : `${namespace}/`
}

function timeoutOf(request: ApiRequest, random: Random): number {
  const seconds = integerQuery(request, 'timeoutSeconds') ?? 0
  return seconds > 0 ? seconds * 1000 : timeoutLeastMs * (1 + random.float())
}

function unsupportedMatch(match: string): string {
  return `Unsupported value: ${JSON.stringify(match)}: supported values: "NotOlderThan"`
}

/** `sendInitialEvents` goes with `NotOlderThan` only, and the other way round. */
function checkInitialEvents(request: ApiRequest): boolean {
  const initial = booleanQuery(request, 'sendInitialEvents')
  const match = request.query('resourceVersionMatch') ?? ''
  const isKnown = match === '' || match === 'NotOlderThan'
  const field = 'resourceVersionMatch'
  const fail = (message: string): Error =>
    invalid({ group: 'meta.k8s.io', resource: 'ListOptions', name: '' }, [
      { reason: 'FieldValueForbidden', message: `Forbidden: ${message}`, field },
      ...(isKnown ? [] : [{ reason: 'FieldValueNotSupported', message: unsupportedMatch(match), field }]),
    ])
  if ((request.query('continue') ?? '') !== '')
    throw fail('resourceVersionMatch is forbidden when continue is provided')
  if (initial === undefined) {
    if (match !== '') throw fail('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')
    return false
  }
  if (match !== 'NotOlderThan') throw fail('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
  return initial
}

interface WatchOptions {
  readonly parts: WatchParts
  readonly collection: Collection
  readonly selection: Selection
  readonly sink: WatchSink
  readonly prefix: string
  readonly timeoutMs: number
  readonly bookmarks: boolean
}

class Watch implements CollectionListener, Disposable {
  readonly #options: WatchOptions
  #pending: WatchItem[] = []
  #ended = false
  #after = 0
  readonly #timers: Disposable[] = []
  #bookmark: Disposable | undefined

  constructor(options: WatchOptions) {
    this.#options = options
    const { clock } = options.parts
    this.#timers.push(clock.setTimer(options.timeoutMs, () => this.#finish()))
    this.#nextBookmark()
  }

  /** Starts with the objects of this moment. */
  beginNow(endMark: boolean): void {
    const { collection, selection, prefix, parts } = this.#options
    for (const object of collection.range(prefix)) {
      if (selection.matches(object))
        this.#pending.push({ type: 'ADDED', object, revision: object.revision, event: undefined, endsInitial: false })
    }
    if (endMark) this.#pending.push(bookmark(parts.cache.revision, true))
    collection.listen(this)
    this.flush()
  }

  /** Starts after a version, with the events that happened already; it may be one that is not there yet. */
  beginAfter(events: readonly CollectionEvent[], version: number): void {
    this.#after = version
    for (const event of events) this.hear(event)
    this.#options.collection.listen(this)
    this.flush()
  }

  hear(event: CollectionEvent): void {
    const { selection, prefix } = this.#options
    const { object, previous, type, revision } = event
    if (revision <= this.#after) return
    if (prefix !== '' && !object.place.startsWith(prefix)) return
    if (selection.isEverything) {
      this.#pending.push({ type, object, revision, event, endsInitial: false })
      return
    }
    const is = type !== 'DELETED' && selection.matches(object)
    const was = previous !== undefined && selection.matches(previous)
    if (is) this.#pending.push({ type: was ? 'MODIFIED' : 'ADDED', object, revision, event, endsInitial: false })
    else if (was) {
      const last = type === 'DELETED' ? object : previous.at(revision)
      this.#pending.push({ type: 'DELETED', object: last, revision, event, endsInitial: false })
    }
  }

  flush(): void {
    if (this.#pending.length === 0 || this.#ended) return
    const items = this.#pending
    this.#pending = []
    if (!this.#options.sink.deliver(items)) this.#finish()
  }

  end(): void {
    this.#finish()
  }

  [Symbol.dispose](): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.collection.ignore(this)
    for (const timer of this.#timers) timer[Symbol.dispose]()
    this.#bookmark?.[Symbol.dispose]()
  }

  #finish(): void {
    if (this.#ended) return
    if (this.#options.bookmarks) this.#options.sink.deliver([bookmark(this.#options.parts.cache.revision, false)])
    this[Symbol.dispose]()
    this.#options.sink.end()
  }

  #nextBookmark(): void {
    const { bookmarks, parts } = this.#options
    if (!bookmarks) return
    this.#bookmark = parts.clock.setTimer(bookmarkMs, () => {
      this.#pending.push(bookmark(parts.cache.revision, false))
      this.flush()
      if (!this.#ended) this.#nextBookmark()
    })
  }
}

function bookmark(revision: number, endsInitial: boolean): WatchItem {
  return { type: 'BOOKMARK', object: undefined, revision, event: undefined, endsInitial }
}
