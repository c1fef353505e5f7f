/** PAX extended header records: `length key=value\n` (POSIX.1-2017 pax, "pax Extended Header"), kept as bytes. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { keyOfText } from './tar-header.ts'
import type { TarTime } from './tar-header.ts'

/** Records in order; a key may repeat (the last one counts, except in GNU's sparse maps). Values are one character a byte. */
export type PaxRecords = readonly (readonly [key: string, value: string])[]

/** Reads the payload of an `x` header. Throws `invalid` for anything malformed. */
export function parsePax(payload: Buffer): PaxRecords {
  const records: [string, string][] = []
  let at = 0
  while (at < payload.length) {
    const space = payload.indexOf(0x20, at)
    const digits = space < 0 ? '' : payload.toString('latin1', at, space)
    const length = /^[0-9]{1,9}$/.test(digits) ? Number(digits) : 0
    const end = at + length
    if (length < digits.length + 4 || end > payload.length || payload[end - 1] !== 0x0a) throw invalidPax()
    const equals = payload.indexOf(0x3d, space)
    if (equals <= space + 1 || equals >= end) throw invalidPax()
    const key = payload.toString('latin1', space + 1, equals)
    const value = payload.toString('latin1', equals + 1, end - 1)
    if (key.includes('\0') || (forbidsNul(key) && value.includes('\0'))) throw invalidPax()
    records.push([key, value])
    at = end
  }
  return records
}

/** Writes records as a payload. Keys are text; values one character a byte. */
export function encodePax(records: PaxRecords): Buffer {
  return Buffer.from(records.map(([key, value]) => encodeRecord(keyOfText(key), value)).join(''), 'latin1')
}

/** Reads `123.456`, also negative; undefined when it is no time. */
export function parsePaxTime(text: string): TarTime | undefined {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(text)
  if (match === null) return undefined
  const whole = Number(match[2])
  const nanos = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'))
  if (match[1] === '') return { seconds: whole, nanos }
  return nanos === 0 ? { seconds: -whole, nanos: 0 } : { seconds: -whole - 1, nanos: 1_000_000_000 - nanos }
}

/** Writes a time as PAX has it, without trailing zeros. */
export function formatPaxTime(time: TarTime): string {
  if (time.nanos === 0) return String(time.seconds)
  const negative = time.seconds < 0
  const whole = negative ? -time.seconds - 1 : time.seconds
  const nanos = negative ? 1_000_000_000 - time.nanos : time.nanos
  return `${negative ? '-' : ''}${whole}.${nanos.toString().padStart(9, '0').replace(/0+$/, '')}`
}

function encodeRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return `${length}${rest}`
}

function forbidsNul(key: string): boolean {
  return key === 'path' || key === 'linkpath' || key === 'uname' || key === 'gname'
}

function invalidPax(): GantryError {
  return new GantryError('ARCHIVE_HEADER_INVALID', 'invalid', 'archive/tar: invalid tar header', {
    remedy: 'The archive is damaged; make it again.',
  })
}
