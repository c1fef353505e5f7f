/** Points in time as RFC 3339 writes them, for any year; for readers that need not say what is wrong with a text. Pure. */
import { civilFromDays, daysFromCivil } from './civil-day.ts'

/** A point in time: seconds since 1970 and nanoseconds on top. */
export interface Instant {
  readonly seconds: number
  readonly nanos: number
}

const secondsPerDay = 86_400
const shape = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** Reads an RFC 3339 time; digits past the nanosecond are dropped. Undefined for what is none. */
export function readInstant(text: string): Instant | undefined {
  const found = shape.exec(text)
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = ''] = found
  const days = daysOf(Number(year), Number(month), Number(day))
  const ofDay = secondsOfDay(Number(hour), Number(minute), Number(second))
  const east = eastSeconds(found.slice(8))
  if (days === undefined || ofDay === undefined || east === undefined) return undefined
  return { seconds: days * secondsPerDay + ofDay - east, nanos: Number(fraction.slice(0, 9).padEnd(9, '0')) }
}

/** Seconds east of UTC of a sign, hours and minutes; none of them stands for UTC. */
function eastSeconds([sign, hour = '0', minute = '0']: readonly string[]): number | undefined {
  const seconds = secondsOfDay(Number(hour), Number(minute), 0)
  return seconds === undefined || sign !== '-' ? seconds : -seconds
}

/** Epoch milliseconds of a point in time, with fractions. */
export function epochMsAt({ seconds, nanos }: Instant): number {
  return seconds * 1000 + nanos / 1e6
}

/** Days since 1970-01-01 of a date; undefined where the calendar has none such. */
export function daysOf(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1) return undefined
  const days = daysFromCivil(year, month, day)
  return civilFromDays(days).day === day ? days : undefined
}

function secondsOfDay(hour: number, minute: number, second: number): number | undefined {
  return hour < 24 && minute < 60 && second < 60 ? hour * 3600 + minute * 60 + second : undefined
}

/** `2026-01-02T03:04:05` in UTC, of whole seconds since 1970. */
export function dateTimeText(epochSeconds: number): string {
  const days = Math.floor(epochSeconds / secondsPerDay)
  const rest = epochSeconds - days * secondsPerDay
  const { year, month, day } = civilFromDays(days)
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
