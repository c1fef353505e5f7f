/** Moments and spans as text, and the parts of a moment in a time zone (RFC 3339; cel-spec, timestamps and durations). */
import { civilFromDays, daysFromCivil } from '#base/data/civil-day.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import { dateTimeText, daysOf, readInstant } from '#base/data/rfc3339.ts'

const nanosPerSecond = 1_000_000_000n
const secondsPerDay = 86_400n
/** 0001-01-01T00:00:00Z and the last nanosecond of 9999. */
const timestampMin = -62_135_596_800n * nanosPerSecond
const timestampMax = 253_402_300_799n * nanosPerSecond + 999_999_999n

/** Whether a moment lies in the years 1 to 9999. */
export function isTimestampInRange(nanos: bigint): boolean {
  return nanos >= timestampMin && nanos <= timestampMax
}

/** Division that rounds down. */
export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by !== 0n && value < 0n !== by < 0n ? quotient - 1n : quotient
}

const dateShape = /^(\d{4})-(\d{2})-(\d{2})$/

/** Nanoseconds since 1970 of an RFC 3339 text, or undefined. */
export function parseTimestampText(text: string): bigint | undefined {
  const at = readInstant(text)
  return at === undefined ? undefined : BigInt(at.seconds) * nanosPerSecond + BigInt(at.nanos)
}

/** Nanoseconds since 1970 of a date's midnight, or undefined. */
export function parseDateText(text: string): bigint | undefined {
  const found = dateShape.exec(text)
  if (found === null) return undefined
  const days = daysOf(Number(found[1]), Number(found[2]), Number(found[3]))
  return days === undefined ? undefined : BigInt(days) * secondsPerDay * nanosPerSecond
}

/** A moment as RFC 3339 in UTC, with as many digits of a second as it needs. */
export function timestampText(nanos: bigint): string {
  const seconds = floorDivide(nanos, nanosPerSecond)
  const fraction = String(nanos - seconds * nanosPerSecond)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${dateTimeText(Number(seconds))}${fraction === '' ? '' : `.${fraction}`}Z`
}

/** A span as seconds: `1.5s`. */
export function durationText(nanos: bigint): string {
  const magnitude = nanos < 0n ? -nanos : nanos
  const fraction = String(magnitude % nanosPerSecond)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${nanos < 0n ? '-' : ''}${magnitude / nanosPerSecond}${fraction === '' ? '' : `.${fraction}`}s`
}

export interface TimestampParts {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
  /** 0 to 365. */
  readonly dayOfYear: number
  /** 0 is Sunday. */
  readonly dayOfWeek: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanos: number
}

/** The parts of a moment, so many minutes east of UTC. */
export function timestampParts(nanos: bigint, offsetMinutes: number): TimestampParts {
  const local = nanos + BigInt(offsetMinutes) * 60n * nanosPerSecond
  const seconds = floorDivide(local, nanosPerSecond)
  const days = Number(floorDivide(seconds, secondsPerDay))
  const ofDay = Number(seconds - BigInt(days) * secondsPerDay)
  const civil = civilFromDays(days)
  return {
    ...civil,
    dayOfYear: days - daysFromCivil(civil.year, 1, 1),
    dayOfWeek: (((days + 4) % 7) + 7) % 7,
    hour: Math.floor(ofDay / 3600),
    minute: Math.floor(ofDay / 60) % 60,
    second: ofDay % 60,
    nanos: Number(local - seconds * nanosPerSecond),
  }
}

const fixedZone = /^([+-]?)(\d{1,2}):(\d{2})$/

/** Finds how far zones are from UTC; zones with names are looked up once each. */
export class ZoneTable {
  readonly #formats = new LruCache<string, Intl.DateTimeFormat | 'unknown'>({ capacity: 16 })

  /** Minutes east of UTC of a zone (`UTC`, `+02:00`, `Europe/Berlin`) at a moment, or undefined for an unknown zone. */
  offsetMinutes(zone: string, nanos: bigint): number | undefined {
    if (zone === '' || zone === 'UTC') return 0
    const fixed = fixedZone.exec(zone)
    if (fixed === null) return this.#namedOffset(zone, nanos)
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3])
    return fixed[1] === '-' ? -minutes : minutes
  }

  #namedOffset(zone: string, nanos: bigint): number | undefined {
    const format = this.#format(zone)
    if (format === 'unknown') return undefined
    const atMs = Number(floorDivide(nanos, 1_000_000n))
    const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const found = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(name)
    if (found === null) return undefined
    const minutes = Number(found[2] ?? 0) * 60 + Number(found[3] ?? 0)
    return found[1] === '-' ? -minutes : minutes
  }

  #format(zone: string): Intl.DateTimeFormat | 'unknown' {
    const known = this.#formats.get(zone)
    if (known !== undefined) return known
    const made = formatOf(zone)
    this.#formats.set(zone, made)
    return made
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat | 'unknown' {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset', year: 'numeric' })
  } catch {
    return 'unknown'
  }
}
