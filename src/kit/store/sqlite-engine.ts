/**
 * The SQLite backend's data. Every version goes to `log` in commit order, the newest of each key to `live`;
 * a group of transactions is one SQLite transaction, so all of them share one sync of the disk.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { storeCompacted, storeFull, storeLeaseNotFound, storeRevisionAhead } from './errors.ts'
import { boundsOf, isWithin } from './key-range.ts'
import { nextVersion, tombstone } from './memory-engine.ts'
import { openSqlite, type SqliteFileOptions } from './open-sqlite.ts'
import { keepLog, roomBytes } from './sqlite-file.ts'
import { storeErrorOfSqlite } from './sqlite-errors.ts'
import { positionsPerRevision, statements } from './sqlite-schema.table.ts'
import type { CommitOutcome, HistoryPage, HistoryQuery, StoreEngine, WantsPrevious } from './store-engine.ts'
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

type Row = readonly SQLInputValue[]
type Statements = { readonly [name in keyof typeof statements]: StatementSync }

const noBytes = new Uint8Array(0)
/** Sorts after every text: SQLite orders blobs behind text (sqlite.org/datatype3.html, section 4.1). */
const aboveAllKeys = new Uint8Array(1)
const historyPageRows = 500
const sweepRows = 500
/** Less than this, and a write may find room that the next one does not. */
const roomBytesMin = 4 << 20

/** Where a key stands in `live`. */
interface LiveRow {
  readonly id: number
  readonly createRevision: number
  readonly version: number
}

/** What is gathered while a group is committed. */
interface Gathering {
  readonly events: StoreEvent[]
  readonly wantsPrevious: WantsPrevious
}

export class SqliteEngine implements StoreEngine {
  revision: number
  compactRevision: number
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #sql: Statements

  constructor(options: SqliteFileOptions) {
    this.#path = options.path
    this.#database = openSqlite(options)
    try {
      this.#sql = prepareAll(this.#database)
      this.compactRevision = this.#state('compacted')
      const lastId = numberOf(this.#sql.lastId.get())
      // The newest log row may have been a delete that compaction removed.
      this.revision = Math.max(1, this.compactRevision, Math.floor(lastId / positionsPerRevision))
    } catch (error) {
      this.#database.close()
      throw storeErrorOfSqlite(error, this.#path)
    }
  }

  get(key: string, revision: number | undefined): Entry | undefined {
    return this.#guard(() => {
      const bound = this.#boundAt(revision)
      if (bound === undefined) return entryOf(this.#sql.readLive.get(key))
      const later = this.#sql.firstAfter.get(bound, key) as unknown as Row | undefined
      if (later === undefined) return entryOf(this.#sql.readLive.get(key))
      return later[1] === null ? undefined : entryOf(this.#sql.readLog.get(later[1] as number))
    })
  }

  range(query: RangeQuery): RangeResult {
    return this.#guard(() => {
      const { start, end = aboveAllKeys } = boundsOf(query)
      const bound = this.#boundAt(query.revision)
      const revision = query.revision ?? this.revision
      const where: SQLInputValue[] = bound === undefined ? [start, end] : [start, end, bound]
      const count = (): number => numberOf((bound === undefined ? this.#sql.count : this.#sql.pastCount).get(...where))
      if (query.countOnly === true) return { entries: [], revision, more: false, count: count() }
      const limit = query.limit === undefined ? -1 : query.limit + 1
      const entries = this.#rangeStatement(bound, query.keysOnly === true)
        .all(...where, limit)
        .map((row) => entryOf(row) as Entry)
      const more = query.limit !== undefined && entries.length > query.limit
      if (!more) return { entries, revision, more, count: entries.length }
      entries.pop()
      return { entries, revision, more, count: count() }
    })
  }

  commit(requests: readonly TxnRequest[], wantsPrevious: WantsPrevious): CommitOutcome {
    const gathering: Gathering = { events: [], wantsPrevious }
    const results = this.#transaction(() => requests.map((request) => this.#transact(request, gathering)))
    return { results, events: gathering.events }
  }

  history({ bounds, afterRevision, previous }: HistoryQuery): HistoryPage {
    return this.#guard(() => {
      if (afterRevision < this.compactRevision) throw storeCompacted(this.compactRevision)
      const from = lastIdOf(afterRevision)
      const to = lastIdOf(this.revision)
      let rows = this.#sql.history.all(from, to, historyPageRows) as unknown as Row[]
      const complete = rows.length < historyPageRows
      const lastRevision = revisionOf(Number(rows.at(-1)?.[1] ?? 0))
      // A full page may end within a transaction: take the rest of it too.
      if (!complete)
        rows = [
          ...rows,
          ...(this.#sql.history.all(Number(rows.at(-1)?.[1]), lastIdOf(lastRevision), -1) as unknown as Row[]),
        ]
      const events = rows.filter((row) => isWithin(bounds, row[0] as string)).map((row) => this.#eventOf(row, previous))
      return { events, revision: complete ? this.revision : lastRevision, complete }
    })
  }

  compactTo(revision: number): void {
    this.#guard(() => this.#sql.setState.run(revision, 'compacted'))
    this.compactRevision = revision
  }

  sweep(): boolean {
    return this.#transaction(() => {
      const swept = this.#state('swept')
      const target = lastIdOf(this.compactRevision)
      const rows = this.#sql.sweepScan.all(swept, target, sweepRows) as unknown as Row[]
      for (const [id, previous, version] of rows) {
        if (previous !== null) this.#sql.deleteLog.run(previous as number)
        if (version === 0) this.#sql.deleteLog.run(id as number)
      }
      const done = rows.length < sweepRows
      this.#sql.setState.run(done ? target : Number(rows.at(-1)?.[0]), 'swept')
      return done
    })
  }

  probe(): void {
    if (roomBytes(this.#path) < roomBytesMin) throw storeFull(this.#path)
    this.#transaction(() => this.#sql.probe.run())
  }

  leases(): readonly Lease[] {
    return this.#guard(() =>
      (this.#sql.leases.all() as unknown as Row[]).map(([id, ttlMs]) => ({ id: Number(id), ttlMs: Number(ttlMs) })),
    )
  }

  grantLease(ttlMs: number): Lease {
    return this.#transaction(() => ({ id: numberOf(this.#sql.insertLease.get(ttlMs)), ttlMs }))
  }

  revokeLease(id: number, wantsPrevious: WantsPrevious): CommitOutcome {
    const gathering: Gathering = { events: [], wantsPrevious }
    const result = this.#transaction(() => {
      this.#sql.deleteLease.run(id)
      const keys = (this.#sql.leaseKeys.all(id) as unknown as Row[]).map(([key]) => key as string)
      return this.#write(
        keys.map((key) => ({ type: 'delete', key })),
        gathering,
      )
    })
    return { results: [result], events: gathering.events }
  }

  [Symbol.dispose](): void {
    if (!this.#database.isOpen) return
    const isMarked = this.#markClosed()
    this.#database.close()
    // Left marked as open, the file is checked at the next start, which looks for the log that closing has removed.
    if (!isMarked) keepLog(this.#path)
  }

  #markClosed(): boolean {
    try {
      this.#sql.setState.run(0, 'open')
      return true
    } catch {
      return false
    }
  }

  #guard<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw storeErrorOfSqlite(error, this.#path)
    }
  }

  /** Runs `work` in one durable transaction; on failure nothing of it stays, here or in the file. */
  #transaction<T>(work: () => T): T {
    const { revision } = this
    try {
      this.#sql.begin.run()
      const result = work()
      this.#sql.commit.run()
      return result
    } catch (error) {
      this.revision = revision
      if (this.#database.isTransaction) this.#sql.rollback.run()
      throw storeErrorOfSqlite(error, this.#path)
    }
  }

  #state(name: 'compacted' | 'swept'): number {
    return numberOf(this.#sql.state.get(name))
  }

  /** The last log id of a past revision; undefined for the newest, which `live` answers. */
  #boundAt(revision: number | undefined): number | undefined {
    if (revision === undefined || revision === this.revision) return undefined
    if (revision > this.revision) throw storeRevisionAhead(revision, this.revision)
    if (revision < this.compactRevision) throw storeCompacted(this.compactRevision)
    return lastIdOf(revision)
  }

  #rangeStatement(bound: number | undefined, keysOnly: boolean): StatementSync {
    if (bound === undefined) return keysOnly ? this.#sql.rangeKeys : this.#sql.range
    return keysOnly ? this.#sql.pastRangeKeys : this.#sql.pastRange
  }

  #findLive(key: string): LiveRow | undefined {
    const row = this.#sql.findLive.get(key) as unknown as Row | undefined
    return row === undefined
      ? undefined
      : { id: Number(row[0]), createRevision: Number(row[1]), version: Number(row[2]) }
  }

  #transact(request: TxnRequest, gathering: Gathering): TxnResult | Error {
    const { expect = [], writes } = request
    const holds = expect.every(({ key, modRevision }) => revisionOf(this.#findLive(key)?.id ?? 0) === modRevision)
    if (!holds) {
      const current = expect.map(({ key }) => entryOf(this.#sql.readLive.get(key)))
      return { ok: false, revision: this.revision, current }
    }
    for (const write of writes) {
      if (write.type !== 'put' || write.leaseId === undefined) continue
      if (this.#sql.findLease.get(write.leaseId) === undefined) return storeLeaseNotFound(write.leaseId)
    }
    return this.#write(writes, gathering)
  }

  #write(writes: readonly Write[], gathering: Gathering): TxnResult {
    const revision = this.revision + 1
    let position = 0
    const entries = writes.map((write) => {
      const before = this.#findLive(write.key)
      if (write.type === 'delete' && before === undefined) return undefined
      const id = revision * positionsPerRevision + position++
      return write.type === 'put'
        ? this.#put(write, { id, before }, gathering)
        : this.#delete(write.key, { id, before }, gathering)
    })
    if (position > 0) this.revision = revision
    return { ok: true, revision: this.revision, entries }
  }

  #put(
    write: Extract<Write, { type: 'put' }>,
    at: { id: number; before: LiveRow | undefined },
    gathering: Gathering,
  ): Entry {
    const { id, before } = at
    const entry = nextVersion(write, before, revisionOf(id))
    const { key, createRevision, version } = entry
    const lease = write.leaseId ?? null
    const wanted = before !== undefined && gathering.wantsPrevious(key)
    const previous = wanted ? entryOf(this.#sql.readLog.get(before.id)) : undefined
    this.#sql.insertLog.run(id, key, before?.id ?? null, createRevision, version, lease, write.value)
    this.#sql.putLive.run(key, id, createRevision, version, lease)
    gathering.events.push(previous === undefined ? { type: 'put', entry } : { type: 'put', entry, previous })
    return entry
  }

  #delete(key: string, at: { id: number; before: LiveRow | undefined }, gathering: Gathering): Entry | undefined {
    const beforeId = at.before?.id ?? 0
    const previous = entryOf(this.#sql.readLog.get(beforeId))
    this.#sql.insertLog.run(at.id, key, beforeId, 0, 0, null, null)
    this.#sql.deleteLive.run(key)
    const event = { type: 'delete' as const, entry: tombstone(key, revisionOf(at.id)) }
    gathering.events.push(previous === undefined ? event : { ...event, previous })
    return previous
  }

  #eventOf(row: Row, withPrevious: boolean): StoreEvent {
    const entry = entryOf(row) as Entry
    const type = entry.version === 0 ? 'delete' : 'put'
    const previous = withPrevious && row[6] !== null ? entryOf(this.#sql.readLog.get(row[6] as number)) : undefined
    return previous === undefined ? { type, entry } : { type, entry, previous }
  }
}

function prepareAll(database: DatabaseSync): Statements {
  const prepared: Partial<Record<keyof typeof statements, StatementSync>> = {}
  for (const name of Object.keys(statements) as (keyof typeof statements)[]) {
    const statement = database.prepare(statements[name])
    statement.setReturnArrays(true)
    prepared[name] = statement
  }
  return prepared as Statements
}

/** The number that a statement's only column answers; 0 when there is no row. */
function numberOf(found: unknown): number {
  return Number((found as Row | undefined)?.[0] ?? 0)
}

function lastIdOf(revision: number): number {
  return revision * positionsPerRevision + (positionsPerRevision - 1)
}

function revisionOf(id: number): number {
  return Math.floor(id / positionsPerRevision)
}

/** A row of key, id, created, version, lease and, unless only keys were asked for, value. */
function entryOf(found: unknown): Entry | undefined {
  if (found === undefined) return undefined
  const row = found as Row
  const entry = {
    key: row[0] as string,
    value: (row[5] as Uint8Array | null | undefined) ?? noBytes,
    createRevision: row[2] as number,
    modRevision: revisionOf(row[1] as number),
    version: row[3] as number,
  }
  return row[4] === null ? entry : { ...entry, leaseId: row[4] as number }
}
