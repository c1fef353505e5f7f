/** SQLite's result codes as the store's errors (sqlite.org/rescode.html). */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { storeFull } from './errors.ts'

/** The primary result code of an error of node:sqlite, or undefined for any other error. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/** What SQLite would have said to a failure of the file system that Node tells of. */
function codeOfFile(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  const code = String(error.code)
  if (code === 'ENOSPC' || code === 'EDQUOT') return 13
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS'].includes(code) ? 14 : 10
}

/** The typed error for a failure of SQLite on the file at `path`; anything else is returned as it is. */
export function storeErrorOfSqlite(error: unknown, path: string): unknown {
  const code = sqliteCodeOf(error)
  const details = { path }
  switch (code ?? codeOfFile(error)) {
    case undefined:
      return error
    case 5:
    case 6:
      return new GantryError('STORE_LOCKED', 'conflict', `The store ${path} is in use by another process.`, {
        cause: error,
        remedy: 'Stop the other process, or start this one with another --root.',
        details,
      })
    case 11:
    case 26:
      return new GantryError(
        'STORE_CORRUPT',
        'internal',
        `The store ${path} is damaged or not a store: ${messageOf(error)}.`,
        {
          cause: error,
          remedy: 'Restore the file from a backup, or move it away to start empty; nothing was changed in it.',
          details,
        },
      )
    case 13:
      return storeFull(path, error)
    case 8:
    case 14:
    case 23:
      return new GantryError(
        'STORE_CANNOT_OPEN',
        'unavailable',
        `The store ${path} cannot be opened: ${messageOf(error)}.`,
        {
          cause: error,
          remedy:
            'Check that the folder exists, that its file system is not mounted read-only, and that this user may write in it.',
          details,
        },
      )
    default:
      return new GantryError('STORE_FAILED', 'unavailable', `The store ${path} failed: ${messageOf(error)}.`, {
        cause: error,
        remedy: 'Check the disk (kernel log, mount options); the store goes on by itself once the disk works.',
        details,
      })
  }
}
