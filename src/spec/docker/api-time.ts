/** Points in time as clients send them (contract T20): unix seconds with fractions, RFC 3339, or a Go duration before now. Pure. */
import { daysFromCivil } from '#base/data/civil-day.ts'
import { GantryError } from '#base/errors/gantry-error.ts'

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

function durationMs(text: string): number | undefined {
  if (!/^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, count = '0', unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    total += Number(count) * (unitMs[unit] ?? 0)
  return text.startsWith('-') ? -total : total
}

/**
 * Epoch milliseconds of a time parameter; undefined when it is empty or zero (no bound).
 * @throws GantryError invalid when it is no time.
 */
export function parseApiTime(name: string, text: string, now: number): number | undefined {
  if (text === '' || text === '0') return undefined
  if (/^\d+(\.\d+)?$/.test(text)) {
    // Seconds and nanoseconds are read apart: together they are more digits than a number holds.
    const [seconds = '0', fraction = '0'] = text.split('.')
    return Number(seconds) * 1000 + Number(`0.${fraction}`) * 1000
  }
  const duration = durationMs(text)
  if (duration !== undefined) return now - duration
  const parsed = /^\d{4}-\d\d-\d\d/.test(text) ? parseDate(text) : Number.NaN
  if (Number.isFinite(parsed)) return parsed
  throw new GantryError(
    'DOCKER_TIME',
    'invalid',
    `invalid value for "${name}": failed to parse value as time or duration: "${text}"`,
    { remedy: 'Give unix seconds, an RFC 3339 time, or a duration like 10m.' },
  )
}

/** RFC 3339 with the time, its fractions or the zone left out (then UTC). */
function parseDate(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(\.\d+)?)?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text)
  if (match === null) return Number.NaN
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '.0', zone = 'Z'] = match
  const days = daysFromCivil(Number(year), Number(month), Number(day))
  const offset =
    zone === 'Z' ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)))
  return (
    ((days * 24 + Number(hour)) * 60 + Number(minute) - offset) * 60_000 +
    Number(second) * 1000 +
    Number(`0${fraction}`) * 1000
  )
}
