/** The store's file and its log as they lie on the disk, looked at before SQLite does, which takes damage for emptiness. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  type Stats,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { damageOfLog } from './check-log.ts'

/** Where SQLite keeps the log of the store at `path`. */
export function logPathOf(path: string): string {
  return `${path}-wal`
}

/** What is there of a store. */
export interface StoreFiles {
  readonly isNew: boolean
  readonly hasLog: boolean
}

/**
 * Looks at what is there. @throws STORE_CORRUPT for what SQLite would take for an empty or a shorter store,
 * STORE_CANNOT_OPEN for a folder.
 */
export function lookAtStore(path: string): StoreFiles {
  const [file, log] = [statOf(path), statOf(logPathOf(path))]
  if (file?.isDirectory() === true)
    throw new GantryError('STORE_CANNOT_OPEN', 'unavailable', `The store ${path} cannot be opened: it is a folder.`, {
      remedy: 'Move the folder away, or name another path for the store.',
      details: { path },
    })
  const logBytes = log?.size ?? 0
  if (file === undefined && logBytes === 0) return { isNew: true, hasLog: false }
  // A store is put in place whole; SQLite would begin anew, and delete the log.
  if (file === undefined) throw storeDamaged(path, 'its file is missing, but its log is there')
  // SQLite would open it for reading, and fail at its first lock for no reason that it tells.
  accessSync(path, constants.R_OK | constants.W_OK)
  if (file.size === 0) throw storeDamaged(path, 'its file is empty')
  const damage = logBytes === 0 ? undefined : damageOfLog(readFileSync(logPathOf(path)))
  if (damage !== undefined) throw storeDamaged(path, damage)
  return { isNew: false, hasLog: log !== undefined }
}

/** A store that is not what was written. */
export function storeDamaged(path: string, what: string): GantryError {
  return new GantryError('STORE_CORRUPT', 'internal', `The store ${path} is damaged: ${what}.`, {
    remedy: `Restore ${path} and ${logPathOf(path)} together from a backup, or move both away to start empty; nothing was changed in them.`,
    details: { path },
  })
}

/** Has `create` make the file elsewhere, and puts it in place whole, readable by its owner alone: it holds secrets. */
export function placeWhole(path: string, create: (path: string) => void): void {
  const folder = mkdtempSync(join(dirname(path), '.new-store-'))
  try {
    const made = join(folder, 'store')
    create(made)
    chmodSync(made, 0o600)
    link(made, path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A link never replaces a store that another process has made meanwhile; not every file system has links. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EOPNOTSUPP') throw error
    renameSync(from, to)
  }
}

/** Makes an empty log where there is none. */
export function keepLog(path: string): void {
  try {
    closeSync(openSync(logPathOf(path), 'a', 0o600))
  } catch {
    // Without it the next start asks for a backup rather than trust what is left.
  }
}

/** Bytes that the file system of the store has left for this user. */
export function roomBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path))
  return bavail * bsize
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
