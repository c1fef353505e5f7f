/** Points in time as clients and users write them: unix seconds with fractions, RFC 3339 cut short, or a Go duration before now. Pure. */
import { readGoDuration } from '#base/data/duration.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { epochMsAt, type Instant, readInstant } from '#base/data/rfc3339.ts'

/**
 * Epoch milliseconds of a time parameter; undefined when it is empty or zero (no bound).
 * @throws GantryError invalid when it is no time.
 */
export function parseApiTime(name: string, text: string, now: number): number | undefined {
  if (text === '' || text === '0') return undefined
  const ms = readApiTime(text, now)
  if (ms !== undefined) return ms
  throw new GantryError(
    'DOCKER_TIME',
    'invalid',
    `invalid value for "${name}": failed to parse value as time or duration: "${text}"`,
    { remedy: 'Give unix seconds, an RFC 3339 time, or a duration like 10m.' },
  )
}

/** Epoch milliseconds of a time; undefined when the text is none. */
export function readApiTime(text: string, now: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) {
    // Seconds and nanoseconds are read apart: together they are more digits than a number holds.
    const [seconds = '0', fraction = '0'] = text.split('.')
    return Number(seconds) * 1000 + Number(`0.${fraction}`) * 1000
  }
  const nanos = readGoDuration(text)
  if (typeof nanos === 'bigint') return now - Number(nanos) / 1e6
  const at = readShortTime(text)
  return at === undefined ? undefined : epochMsAt(at)
}

/** RFC 3339 with the time, its last parts or the zone left out (then UTC); undefined when the text is none. */
export function readShortTime(text: string): Instant | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text)
  if (match === null) return undefined
  const [, date = '', hour = '00', minute = '00', second = '00', zone = 'Z'] = match
  return readInstant(`${date}T${hour}:${minute}:${second}${zone.replace(/^(...)(\d\d)$/, '$1:$2')}`)
}
