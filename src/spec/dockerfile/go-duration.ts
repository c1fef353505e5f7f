/** Durations as Go's time package reads and prints them (`1m30s`), in nanoseconds. */
import { goQuote } from './go-quote.ts'

const unitNanos: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** Nanoseconds of a duration, or the error text that time.ParseDuration gives. */
export function parseGoDuration(text: string): number | { readonly error: string } {
  const match = /^([+-]?)(.*)$/s.exec(text)
  const body = match?.[2] ?? ''
  if (body === '0') return 0
  const invalid = { error: `time: invalid duration ${goQuote(text)}` }
  if (body === '') return invalid
  const total = sumParts(text, body)
  if (typeof total !== 'number') return total
  if (total > Number.MAX_SAFE_INTEGER * 1024) return invalid
  return match?.[1] === '-' ? -Math.trunc(total) : Math.trunc(total)
}

function sumParts(text: string, body: string): number | { readonly error: string } {
  let total = 0
  let at = 0
  const part = /(\d+\.?\d*|\.\d+)([^\d.]*)/y
  while (at < body.length) {
    part.lastIndex = at
    const found = part.exec(body)
    if (found === null) return { error: `time: invalid duration ${goQuote(text)}` }
    const unit = found[2] ?? ''
    if (unit === '') return { error: `time: missing unit in duration ${goQuote(text)}` }
    const nanos = unitNanos[unit]
    if (nanos === undefined) return { error: `time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}` }
    total += Number(found[1]) * nanos
    at = part.lastIndex
  }
  return total
}

/** As Duration.String prints it: `0s`, `100ms`, `1m30s`, `1h0m5s`. */
export function formatGoDuration(nanos: number): string {
  if (nanos === 0) return '0s'
  const sign = nanos < 0 ? '-' : ''
  const value = Math.abs(nanos)
  if (value < 1e3) return `${sign}${value}ns`
  if (value < 1e6) return `${sign}${value / 1e3}µs`
  if (value < 1e9) return `${sign}${value / 1e6}ms`
  const seconds = value / 1e9
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const rest = Number((seconds - hours * 3600 - minutes * 60).toFixed(9))
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}s`
  return minutes > 0 ? `${sign}${minutes}m${rest}s` : `${sign}${rest}s`
}
