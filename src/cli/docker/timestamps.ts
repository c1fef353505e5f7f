/** Times that users write: ages, dates, seconds; as the seconds the daemon wants. */
import { dateTimeText } from '#base/data/rfc3339.ts'
import { readShortTime } from '#spec/docker/api-time.ts'
import { parseDuration } from '#cli/output/human-units.ts'

/**
 * Unix seconds with optional fraction for `10m`, `2006-01-02T15:04:05Z`, `2006-01-02` or seconds; undefined when the text
 * is none of them. Dates without zone are UTC.
 */
export function timestampOf(text: string, nowMs: number): string | undefined {
  const age = /^[+-]?\d+$/.test(text) ? undefined : parseDuration(text)
  if (age !== undefined) return secondsText(Math.trunc(nowMs / 1000) * 1000 - Math.trunc(age / 1e9) * 1000)
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text
  return dateSeconds(text)
}

function secondsText(ms: number): string {
  return String(Math.trunc(ms / 1000))
}

function dateSeconds(text: string): string | undefined {
  const at = readShortTime(text)
  return at === undefined ? undefined : `${at.seconds}.${String(at.nanos).padStart(9, '0')}`
}

/** Milliseconds since 1970 of an RFC 3339 time; NaN when it is none. */
export function epochMs(text: string): number {
  const seconds = dateSeconds(text)
  return seconds === undefined ? Number.NaN : Number(seconds) * 1000
}

/** `2006-01-02 15:04:05 +0000 UTC`, as Go prints a time. */
export function goTime(epochMilliseconds: number, fraction = ''): string {
  const time = dateTimeText(Math.floor(epochMilliseconds / 1000)).replace('T', ' ')
  return `${time}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`
}

/** Go's print of an RFC 3339 time, digits of the fraction kept. */
export function goTimeOf(text: string): string {
  const fraction = /\.(\d+)/.exec(text)?.[1]?.replace(/0+$/, '') ?? ''
  const ms = epochMs(text)
  return Number.isNaN(ms) ? text : goTime(Math.floor(ms / 1000) * 1000, fraction)
}
