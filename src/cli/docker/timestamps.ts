/** Times that users write: ages, dates, seconds; as the seconds the daemon wants. */
import { civilFromDays, daysFromCivil } from '#base/data/civil-day.ts'
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
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(
    text,
  )
  if (match === null) return undefined
  const part = (at: number): number => Number(match[at] ?? 0)
  const days = daysFromCivil(part(1), part(2), part(3))
  const clock = part(4) * 3600 + part(5) * 60 + part(6)
  const seconds = days * 86_400 + clock - zoneMinutes(match[8] ?? '') * 60
  return Number.isNaN(seconds) ? undefined : `${seconds}.${(match[7] ?? '').padEnd(9, '0')}`
}

/** Minutes ahead of UTC of `+02:00`; 0 for `Z` and for none. */
function zoneMinutes(text: string): number {
  const zone = /^([+-])(\d\d):(\d\d)$/.exec(text)
  return zone === null ? 0 : (Number(zone[2]) * 60 + Number(zone[3])) * (zone[1] === '-' ? -1 : 1)
}

/** Milliseconds since 1970 of an RFC 3339 time; NaN when it is none. */
export function epochMs(text: string): number {
  const seconds = dateSeconds(text)
  return seconds === undefined ? Number.NaN : Number(seconds) * 1000
}

/** `2006-01-02 15:04:05 +0000 UTC`, as Go prints a time. */
export function goTime(epochMilliseconds: number, fraction = ''): string {
  const whole = Math.floor(epochMilliseconds / 1000)
  const days = Math.floor(whole / 86_400)
  const rest = whole - days * 86_400
  const { year, month, day } = civilFromDays(days)
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${clock}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`
}

/** Go's print of an RFC 3339 time, digits of the fraction kept. */
export function goTimeOf(text: string): string {
  const fraction = /\.(\d+)/.exec(text)?.[1]?.replace(/0+$/, '') ?? ''
  const ms = epochMs(text)
  return Number.isNaN(ms) ? text : goTime(Math.floor(ms / 1000) * 1000, fraction)
}
