/** The store's rows of the error catalogue. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Entry } from './versioned-store.ts'

export const storeErrorCodes = [
  'STORE_COMPACTED',
  'STORE_REVISION_AHEAD',
  'STORE_WATCH_TOO_SLOW',
  'STORE_CONFLICT',
  'STORE_LEASE_NOT_FOUND',
  'STORE_INVALID',
  'STORE_FULL',
  'STORE_BUSY',
  'STORE_LOCKED',
  'STORE_CORRUPT',
  'STORE_TOO_NEW',
  'STORE_CANNOT_OPEN',
  'STORE_CLOSED',
  'STORE_FAILED',
  'STORE_UNREACHABLE',
  'STORE_OUTCOME_UNKNOWN',
  'STORE_DENIED',
  'STORE_REPLACED',
] as const
export type StoreErrorCode = (typeof storeErrorCodes)[number]

/** True when `error` is the store's failure of that code. */
export function isStoreError(error: unknown, code: StoreErrorCode): error is GantryError {
  return error instanceof GantryError && error.code === code
}

/** The revision asked for has been compacted; details.compactRevision is the oldest that can be read. */
export function storeCompacted(compactRevision: number): GantryError {
  return new GantryError('STORE_COMPACTED', 'conflict', 'The requested revision has been compacted.', {
    remedy: 'List again and watch from the revision of that list.',
    details: { compactRevision },
  })
}

/** The revision asked for does not exist yet. */
export function storeRevisionAhead(revision: number, current: number): GantryError {
  return new GantryError(
    'STORE_REVISION_AHEAD',
    'invalid',
    `Revision ${revision} is in the future: ${current} is the newest.`,
    {
      remedy: 'Read at a revision that this store has handed out; after a restore from a backup, list again.',
      details: { revision, current },
    },
  )
}

/** A watcher that did not keep up; it may resume after details.revision. */
export function storeWatchTooSlow(revision: number): GantryError {
  return new GantryError(
    'STORE_WATCH_TOO_SLOW',
    'exhausted',
    `The watch fell behind; revision ${revision} was the last it read.`,
    {
      remedy: 'Watch again after that revision, and do less between batches.',
      details: { revision },
    },
  )
}

/** A compare-and-swap found another version; details.current is the entry there now. */
export function storeConflict(key: string, expected: number, current: Entry | undefined): GantryError {
  const found = current === undefined ? 'it does not exist' : `it is at revision ${current.modRevision}`
  const wanted = expected === 0 ? 'not to exist' : `at revision ${expected}`
  return new GantryError('STORE_CONFLICT', 'conflict', `Key "${key}" was expected ${wanted}, but ${found}.`, {
    remedy: 'Read it again and repeat the change.',
    details: { key, current },
  })
}

/** The lease has expired, was revoked or never existed. */
export function storeLeaseNotFound(id: number): GantryError {
  return new GantryError('STORE_LEASE_NOT_FOUND', 'not-found', `Lease ${id} does not exist.`, {
    remedy: 'Grant a new lease and write its keys again.',
    details: { id },
  })
}

/** A request that no store accepts. */
export function storeInvalid(message: string): GantryError {
  return new GantryError('STORE_INVALID', 'invalid', message, {
    remedy: 'This is a fault in the program that asks: keys, ranges and leases follow versioned-store.ts.',
  })
}

/** A value or a transaction above the limits. */
export function storeTooLarge(message: string): GantryError {
  return new GantryError('STORE_INVALID', 'too-large', message, { remedy: 'Split it into smaller objects or writes.' })
}

/** The disk, or the size that the store may have, is used up; nothing of the write was kept. */
export function storeFull(place: string, cause?: unknown): GantryError {
  return new GantryError('STORE_FULL', 'exhausted', `The store at ${place} is out of space; nothing was written.`, {
    cause,
    remedy: 'Free disk space, delete objects or compact history; reads go on meanwhile.',
  })
}

/** Too many writes wait already. */
export function storeBusy(waiting: number): GantryError {
  return new GantryError('STORE_BUSY', 'exhausted', `The store has ${waiting} writes waiting.`, {
    remedy: 'Try again in a moment.',
  })
}

/** The store was closed. */
export function storeClosed(): GantryError {
  return new GantryError('STORE_CLOSED', 'unavailable', 'The store is closed.', { remedy: 'Open the store again.' })
}
