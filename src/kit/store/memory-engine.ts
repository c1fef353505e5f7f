/** The memory backend's data: a tree for each revision that history still holds. */
import { storeCompacted, storeLeaseNotFound, storeRevisionAhead } from './errors.ts'
import { boundsOf, isWithin } from './key-range.ts'
import {
  countWithin,
  emptyTree,
  entriesFrom,
  findEntry,
  type OrderedTree,
  withEntry,
  withoutKey,
} from './ordered-tree.ts'
import type { CommitOutcome, HistoryPage, HistoryQuery, StoreEngine } from './store-engine.ts'
import type {
  Entry,
  Lease,
  RangeQuery,
  RangeResult,
  StoreEvent,
  TxnRequest,
  TxnResult,
  Write,
} from './versioned-store.ts'

const noBytes = new Uint8Array(0)
const historyPageEvents = 500

interface LogRecord {
  readonly tree: OrderedTree
  readonly events: readonly StoreEvent[]
}

/** The whole content of a memory store at one moment. It never changes and shares structure with the store it is of. */
export interface MemorySnapshot {
  readonly revision: number
  readonly compactRevision: number
  /** Revision and tree that the log builds on; `log[i]` is revision `baseRevision + 1 + i`. */
  readonly baseRevision: number
  readonly baseTree: OrderedTree
  readonly log: readonly LogRecord[]
  readonly leases: ReadonlyMap<number, number>
  readonly lastLeaseId: number
}

/** A snapshot of a store that never held anything: revision 1, as in etcd. */
export const emptySnapshot: MemorySnapshot = {
  revision: 1,
  compactRevision: 0,
  baseRevision: 1,
  baseTree: emptyTree,
  log: [],
  leases: new Map(),
  lastLeaseId: 0,
}

/** A snapshot of entries that came from elsewhere, as of a revision; nothing is known of what was before. */
export function snapshotOf(entries: Iterable<Entry>, revision: number): MemorySnapshot {
  let baseTree = emptyTree
  for (const entry of entries) baseTree = withEntry(baseTree, entry)
  return { ...emptySnapshot, revision, compactRevision: revision, baseRevision: revision, baseTree }
}

/** The memory engine; `snapshot()` is O(history kept), a few microseconds. */
export class MemoryEngine implements StoreEngine {
  revision: number
  compactRevision: number
  #baseRevision: number
  #baseTree: OrderedTree
  #tree: OrderedTree
  #log: LogRecord[]
  readonly #leases: Map<number, number>
  #lastLeaseId: number

  constructor(from: MemorySnapshot) {
    this.revision = from.revision
    this.compactRevision = from.compactRevision
    this.#baseRevision = from.baseRevision
    this.#baseTree = from.baseTree
    this.#log = [...from.log]
    this.#tree = from.log.at(-1)?.tree ?? from.baseTree
    this.#leases = new Map(from.leases)
    this.#lastLeaseId = from.lastLeaseId
  }

  snapshot(): MemorySnapshot {
    return {
      revision: this.revision,
      compactRevision: this.compactRevision,
      baseRevision: this.#baseRevision,
      baseTree: this.#baseTree,
      log: [...this.#log],
      leases: new Map(this.#leases),
      lastLeaseId: this.#lastLeaseId,
    }
  }

  get(key: string, revision: number | undefined): Entry | undefined {
    return findEntry(this.#treeAt(revision), key)
  }

  range(query: RangeQuery): RangeResult {
    const tree = this.#treeAt(query.revision)
    const bounds = boundsOf(query)
    const count = countWithin(tree, bounds)
    const wanted = query.countOnly === true ? 0 : Math.min(count, query.limit ?? count)
    const entries = entriesFrom(tree, bounds.start, wanted)
    return {
      entries: query.keysOnly === true ? entries.map((entry) => ({ ...entry, value: noBytes })) : entries,
      revision: query.revision ?? this.revision,
      more: query.countOnly !== true && wanted < count,
      count,
    }
  }

  commit(requests: readonly TxnRequest[]): CommitOutcome {
    const events: StoreEvent[] = []
    const results = requests.map((request) => this.#transact(request, events))
    return { results, events }
  }

  history(query: HistoryQuery): HistoryPage {
    const { bounds, afterRevision } = query
    if (afterRevision < this.compactRevision) throw storeCompacted(this.compactRevision)
    const events: StoreEvent[] = []
    let at = Math.max(0, afterRevision - this.#baseRevision)
    for (; at < this.#log.length && events.length < historyPageEvents; at++) {
      for (const event of (this.#log[at] as LogRecord).events) if (isWithin(bounds, event.entry.key)) events.push(event)
    }
    const complete = at >= this.#log.length
    return { events, revision: complete ? this.revision : this.#baseRevision + at, complete }
  }

  compactTo(revision: number): void {
    this.compactRevision = revision
    const dropped = revision - this.#baseRevision
    if (dropped <= 0) return
    this.#baseTree = this.#log[dropped - 1]?.tree ?? this.#tree
    this.#baseRevision = revision
    this.#log = this.#log.slice(dropped)
  }

  sweep(): boolean {
    return true
  }

  probe(): void {
    // Memory has no trouble of its own.
  }

  leases(): readonly Lease[] {
    return [...this.#leases].map(([id, ttlMs]) => ({ id, ttlMs }))
  }

  grantLease(ttlMs: number): Lease {
    const id = ++this.#lastLeaseId
    this.#leases.set(id, ttlMs)
    return { id, ttlMs }
  }

  revokeLease(id: number): CommitOutcome {
    this.#leases.delete(id)
    const attached = entriesFrom(this.#tree, '', this.#tree.count).filter((entry) => entry.leaseId === id)
    const events: StoreEvent[] = []
    const results = [
      this.#write(
        attached.map(({ key }) => ({ type: 'delete', key })),
        events,
      ),
    ]
    return { results, events }
  }

  [Symbol.dispose](): void {
    this.#log = []
  }

  #treeAt(revision: number | undefined): OrderedTree {
    if (revision === undefined || revision === this.revision) return this.#tree
    if (revision > this.revision) throw storeRevisionAhead(revision, this.revision)
    if (revision < this.compactRevision) throw storeCompacted(this.compactRevision)
    return this.#log[revision - this.#baseRevision - 1]?.tree ?? this.#baseTree
  }

  #transact(request: TxnRequest, events: StoreEvent[]): TxnResult | Error {
    const { expect = [], writes } = request
    const holds = expect.every(({ key, modRevision }) => (findEntry(this.#tree, key)?.modRevision ?? 0) === modRevision)
    if (!holds) {
      return { ok: false, revision: this.revision, current: expect.map(({ key }) => findEntry(this.#tree, key)) }
    }
    for (const write of writes) {
      if (write.type === 'put' && write.leaseId !== undefined && !this.#leases.has(write.leaseId)) {
        return storeLeaseNotFound(write.leaseId)
      }
    }
    return this.#write(writes, events)
  }

  #write(writes: readonly Write[], events: StoreEvent[]): TxnResult {
    const revision = this.revision + 1
    const mine: StoreEvent[] = []
    const entries = writes.map((write) => {
      const before = findEntry(this.#tree, write.key)
      if (write.type === 'delete') {
        if (before === undefined) return undefined
        this.#tree = withoutKey(this.#tree, write.key)
        mine.push({ type: 'delete', entry: tombstone(write.key, revision), previous: before })
        return before
      }
      const entry = nextVersion(write, before, revision)
      this.#tree = withEntry(this.#tree, entry)
      mine.push(before === undefined ? { type: 'put', entry } : { type: 'put', entry, previous: before })
      return entry
    })
    if (mine.length === 0) return { ok: true, revision: this.revision, entries }
    this.revision = revision
    this.#log.push({ tree: this.#tree, events: mine })
    events.push(...mine)
    return { ok: true, revision, entries }
  }
}

/** What a delete event carries as its entry. */
export function tombstone(key: string, revision: number): Entry {
  return { key, value: noBytes, createRevision: 0, modRevision: revision, version: 0 }
}

/** The entry that a put makes of the version before it. */
export function nextVersion(
  write: Extract<Write, { type: 'put' }>,
  before: Pick<Entry, 'createRevision' | 'version'> | undefined,
  revision: number,
): Entry {
  const entry = {
    key: write.key,
    value: write.value,
    createRevision: before?.createRevision ?? revision,
    modRevision: revision,
    version: (before?.version ?? 0) + 1,
  }
  return write.leaseId === undefined ? entry : { ...entry, leaseId: write.leaseId }
}
