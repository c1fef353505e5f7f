/** Bounds on what an archive may make us do; every reader has them. */
import { GantryError } from '#base/errors/gantry-error.ts'

export interface TarLimits {
  readonly entriesMax: number
  /** Longest path and link target, in bytes; Linux stops at 4096. */
  readonly nameBytesMax: number
  /** Long names and PAX records of one entry together. */
  readonly headerBytesMax: number
  /** All bodies together, holes of sparse files counted as if filled. */
  readonly totalBytesMax: number
  /** Holes and contents of all sparse files together: a few header bytes can claim any length. */
  readonly sparseBytesMax: number
}

export const defaultTarLimits: TarLimits = {
  entriesMax: 2_000_000,
  nameBytesMax: 4095,
  headerBytesMax: 1024 * 1024,
  totalBytesMax: 1024 ** 4,
  sparseBytesMax: 1024 ** 3,
}

/** Limits for an archive that shall be unpacked where `freeBytes` are left: never more than fits, with a reserve. */
export function limitsForSpace(freeBytes: number, limits: TarLimits = defaultTarLimits): TarLimits {
  const room = Math.max(0, Math.floor(freeBytes * 0.95))
  return {
    ...limits,
    totalBytesMax: Math.min(limits.totalBytesMax, room),
    sparseBytesMax: Math.min(limits.sparseBytesMax, room),
  }
}

/** The error for a limit that an archive goes over. */
export function overLimit(what: string, max: number): GantryError {
  return new GantryError('ARCHIVE_OVER_LIMIT', 'invalid', `archive refused: ${what} (at most ${max})`, {
    remedy: 'Split the archive, or free disk space if the limit is the space left.',
  })
}

/** The error for an archive that ends in the middle, in the words of Go's io package that clients know. */
export function unexpectedEnd(): GantryError {
  return new GantryError('ARCHIVE_TRUNCATED', 'invalid', 'unexpected EOF', {
    remedy: 'The archive is cut off or is no archive; make it again.',
  })
}

/** The error for a block that is no tar header, in the words of Go's archive/tar. */
export function invalidHeader(): GantryError {
  return new GantryError('ARCHIVE_HEADER_INVALID', 'invalid', 'archive/tar: invalid tar header', {
    remedy: 'The archive is damaged or is no tar; make it again.',
  })
}
