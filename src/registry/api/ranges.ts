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
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    const suffix = Math.min(Number(last), sizeBytes)
    return suffix === 0 ? 'unsatisfiable' : { start: sizeBytes - suffix, end: sizeBytes }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= sizeBytes) return 'unsatisfiable'
  return { start, end: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) }
}

/** The bytes that an upload chunk says it is (`0-1023`, also `bytes 0-1023/*`); 'invalid' for anything else; undefined without header. */
export function parseContentRange(header: string | undefined): ByteRange | 'invalid' | undefined {
  if (header === undefined) return undefined
  const [, first, last] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/.exec(header.trim()) ?? []
  if (first === undefined || last === undefined || Number(last) < Number(first)) return 'invalid'
  return { start: Number(first), end: Number(last) + 1 }
}
