/** `Range` of downloads (RFC 9110, section 14) and `Content-Range` of upload chunks (distribution spec v1.1). */

/** Bytes [start, end). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * What to send of `sizeBytes` bytes. Undefined: everything (no range, several ranges, or one we cannot read);
 * 'unsatisfiable' when the range lies outside.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/.exec(header?.trim() ?? '')
  if (match === null) return undefined
  const [, first, last, suffix] = match
  if (first === undefined) return lastBytes(Number(suffix), sizeBytes)
  const start = Number(first)
  const end = last === undefined ? sizeBytes : Number(last) + 1
  if (end <= start && last !== undefined) return undefined
  return start >= sizeBytes ? 'unsatisfiable' : { start, end: Math.min(end, sizeBytes) }
}

function lastBytes(count: number, sizeBytes: number): ByteRange | 'unsatisfiable' {
  return count === 0 || sizeBytes === 0 ? 'unsatisfiable' : { start: Math.max(0, sizeBytes - count), end: sizeBytes }
}

/** The bytes that an upload chunk says it is (`0-1023`, also `bytes 0-1023/*`); 'invalid' for anything else; undefined without header. */
export function parseContentRange(header: string | undefined): ByteRange | 'invalid' | undefined {
  if (header === undefined) return undefined
  const [, first, last] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/.exec(header.trim()) ?? []
  if (first === undefined || last === undefined || Number(last) < Number(first)) return 'invalid'
  return { start: Number(first), end: Number(last) + 1 }
}
