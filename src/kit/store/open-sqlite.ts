/** Opens the SQLite file: takes its lock, checks what it is, brings its schema up to date. */
import { DatabaseSync } from 'node:sqlite'
import { GantryError } from '#base/errors/gantry-error.ts'
import { storeErrorOfSqlite } from './sqlite-errors.ts'
import { logPathOf, lookAtStore, placeWhole, storeDamaged } from './sqlite-file.ts'
import { applicationId, migrations, statements } from './sqlite-schema.table.ts'

export interface SqliteFileOptions {
  readonly path: string
  /** The file may not grow beyond this; unlimited (but for the disk) when left out. */
  readonly sizeBytesMax?: number | undefined
  /** Epoch milliseconds, written beside each migration. */
  readonly nowMs: number
}

const pageSizeBytes = 4096
/** After a stop without close, files up to this size are checked page by page: about 100 ms at the limit. */
const checkSizeBytesMax = 64 * 1024 * 1024

/**
 * Opens or creates the store's file. WAL with synchronous=FULL: a commit that returned survives a power cut.
 * Throws STORE_LOCKED, STORE_CORRUPT, STORE_TOO_NEW, STORE_CANNOT_OPEN or STORE_FULL.
 */
export function openSqlite(options: SqliteFileOptions): DatabaseSync {
  const { path } = options
  let database: DatabaseSync | undefined
  try {
    const { isNew, hasLog } = lookAtStore(path)
    if (isNew) placeWhole(path, (place) => createFile(place, options))
    database = new DatabaseSync(path, { timeout: 0 })
    // Exclusive before WAL: then the lock is held until close, and the index of the WAL needs no shared file.
    database.exec(`pragma locking_mode = exclusive; pragma page_size = ${pageSizeBytes}`)
    database.exec('begin exclusive; rollback; pragma journal_mode = wal; begin exclusive; rollback')
    database.exec('pragma synchronous = full; pragma cache_size = -8192; pragma wal_autocheckpoint = 4000')
    database.exec('pragma journal_size_limit = 67108864; pragma cell_size_check = on; pragma trusted_schema = off')
    checkOwner(database, path)
    migrate(database, options)
    checkAfterCrash(database, { path, hasLog })
    if (options.sizeBytesMax !== undefined) {
      database.exec(`pragma max_page_count = ${Math.ceil(options.sizeBytesMax / pageSizeBytes)}`)
    }
    return database
  } catch (error) {
    database?.close()
    throw storeErrorOfSqlite(error, path)
  }
}

/** A number that a pragma answers. */
export function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`pragma ${name}`).get()
  return Number(Object.values(row ?? {})[0] ?? 0)
}

function checkOwner(database: DatabaseSync, path: string): void {
  const owner = pragma(database, 'application_id')
  if (owner === applicationId) return
  const tables = database.prepare('select count(*) as count from sqlite_schema').get()
  if (owner === 0 && Number(tables?.['count']) === 0) return
  throw new GantryError('STORE_CORRUPT', 'internal', `The file ${path} is another program's database.`, {
    remedy: 'Name another path for the store.',
    details: { path },
  })
}

function migrate(database: DatabaseSync, options: SqliteFileOptions): void {
  const done = pragma(database, 'user_version')
  if (done > migrations.length) {
    const message = `The store ${options.path} has schema version ${done}; this program knows up to ${migrations.length}.`
    throw new GantryError('STORE_TOO_NEW', 'internal', message, {
      remedy: 'Run the newer program that wrote it, or restore a backup from before the upgrade.',
    })
  }
  if (done === migrations.length) return
  database.exec('begin immediate')
  database.exec('create table if not exists migration(version integer primary key, at integer not null) strict')
  const record = database.prepare('insert into migration values (?, ?)')
  for (const [index, step] of migrations.entries()) {
    if (index < done) continue
    database.exec(step)
    record.run(index + 1, Math.trunc(options.nowMs))
  }
  database.exec(`pragma application_id = ${applicationId}; pragma user_version = ${migrations.length}; commit`)
}

/** An empty store in one file. */
function createFile(path: string, options: SqliteFileOptions): void {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec(`pragma page_size = ${pageSizeBytes}; pragma synchronous = full`)
    migrate(database, options)
  } finally {
    database.close()
  }
}

/** Looks closer at a store that was not closed, and marks it as open. */
function checkAfterCrash(
  database: DatabaseSync,
  { path, hasLog }: { readonly path: string; readonly hasLog: boolean },
): void {
  const crashed = database.prepare(statements.state).get('open')?.['value'] === 1
  if (!crashed) {
    database.prepare(statements.setState).run(1, 'open')
    // In the file itself: it then tells also without its log that there must be one.
    database.exec('pragma wal_checkpoint(truncate)')
    return
  }
  if (!hasLog) throw storeDamaged(path, `its log ${logPathOf(path)} is missing, with what was written last`)
  if (pragma(database, 'page_count') * pageSizeBytes > checkSizeBytesMax) return
  const verdict = String(Object.values(database.prepare('pragma quick_check(1)').get() ?? {})[0])
  if (verdict !== 'ok') throw storeDamaged(path, verdict.replaceAll('\n', ' '))
}
