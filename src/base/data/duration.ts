/** Durations as Go writes and reads them (`1h2m3.5s`, package time), in nanoseconds; docker and Kubernetes use them everywhere. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { goTimeQuote } from './go-quote.ts'

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const nanosLimit = 1n << 63n

/** Nanoseconds of a Go duration, or what time.ParseDuration says is wrong with it. */
export function readGoDuration(text: string): bigint | string {
  const negative = text.startsWith('-')
  const rest = negative || text.startsWith('+') ? text.slice(1) : text
  if (rest === '0') return 0n
  if (rest === '') return malformed(text)
  let total = 0n
  let at = 0
  while (at < rest.length) {
    const part = readPart(rest, at, text)
    if (typeof part === 'string') return part
    total += part.nanos
    at += part.length
    if (total > nanosLimit) return malformed(text)
  }
  if (total === nanosLimit && !negative) return malformed(text)
  return negative ? -total : total
}

interface DurationPart {
  readonly nanos: bigint
  readonly length: number
}

/** One number with its unit, from `at` on; or what is wrong. */
function readPart(rest: string, at: number, text: string): DurationPart | string {
  const shape = /(\d*)(?:\.(\d*))?([^\d.]*)/y
  shape.lastIndex = at
  const [all = '', whole = '', fraction = '', unit = ''] = shape.exec(rest) ?? []
  if (whole === '' && fraction === '') return malformed(text)
  if (unit === '') return `time: missing unit in duration ${quote(text)}`
  const nanos = unitNanos[unit]
  if (nanos === undefined) return `time: unknown unit ${quote(unit)} in duration ${quote(text)}`
  return { nanos: BigInt(whole === '' ? 0 : whole) * nanos + fractionNanos(fraction, nanos), length: all.length }
}

function malformed(text: string): string {
  return `time: invalid duration ${quote(text)}`
}

/**
 * Nanoseconds of a Go duration.
 * @throws GantryError DATA_DURATION_INVALID with Go's wording.
 */
export function parseGoDuration(text: string): bigint {
  const nanos = readGoDuration(text)
  if (typeof nanos === 'bigint') return nanos
  throw new GantryError('DATA_DURATION_INVALID', 'invalid', nanos, {
    remedy: 'Write a duration such as 300ms, 1.5h or 2h45m.',
  })
}

/** Milliseconds of a Go duration, with fractions. Throws as parseGoDuration. */
export function parseGoDurationMs(text: string): number {
  return Number(parseGoDuration(text)) / 1e6
}

function fractionNanos(fraction: string, unit: bigint): bigint {
  // More digits than a nanosecond of an hour has cannot change the result.
  const digits = fraction.slice(0, 18)
  return digits === '' ? 0n : (BigInt(digits) * unit) / 10n ** BigInt(digits.length)
}

function quote(text: string): string {
  return goTimeQuote(text.slice(0, 200))
}

/** A duration as Go's Duration.String prints it: `0s`, `1.5µs`, `1h0m3s`. */
export function formatGoDuration(nanos: bigint | number): string {
  let rest = typeof nanos === 'bigint' ? nanos : BigInt(Math.round(nanos))
  if (rest === 0n) return '0s'
  const sign = rest < 0n ? '-' : ''
  if (rest < 0n) rest = -rest
  if (rest < 1000n) return `${sign}${rest}ns`
  if (rest < 1_000_000n) return `${sign}${withFraction(rest, 3)}µs`
  if (rest < 1_000_000_000n) return `${sign}${withFraction(rest, 6)}ms`
  const hours = rest / 3_600_000_000_000n
  const minutes = (rest / 60_000_000_000n) % 60n
  const seconds = `${withFraction(rest % 60_000_000_000n, 9)}s`
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`
}

/** `value` / 10^places without trailing zeros. */
function withFraction(value: bigint, places: number): string {
  const scale = 10n ** BigInt(places)
  const fraction = (value % scale).toString().padStart(places, '0').replace(/0+$/, '')
  return fraction === '' ? String(value / scale) : `${value / scale}.${fraction}`
}
