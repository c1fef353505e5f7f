/** Times as upstream reads and writes them: RFC 3339 in UTC, whole seconds (`Time`) or six decimals (`MicroTime`). */
import { goTimeQuote } from '#base/data/go-quote.ts'
import { dateTimeText, daysOf, type Instant } from '#base/data/rfc3339.ts'
import { GantryError } from '#base/errors/gantry-error.ts'

export const secondsLayout = '2006-01-02T15:04:05Z07:00'
export const microLayout = '2006-01-02T15:04:05.000000Z07:00'
// What Go's zero time counts as; upstream writes null for it.
const zeroSeconds = -62_135_596_800

function fail(message: string): GantryError {
  return new GantryError('KUBERNETES_TIME', 'invalid', message, { remedy: 'Write times as 2006-01-02T15:04:05Z.' })
}

// The pieces of the layout in order: what Go calls the piece, and what it matches.
const pieces: readonly (readonly [name: string, match: RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{1,2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
  ['05', /^\d{2}/],
]

type Limit = readonly [piece: string, name: string, min: number, max: number]

const clockLimits: readonly Limit[] = [
  ['01', 'month', 1, 12],
  ['15', 'hour', 0, 23],
  ['04', 'minute', 0, 59],
  ['05', 'second', 0, 59],
]

function isOutside(value: number, [, , min, max]: Limit): boolean {
  return value < min || value > max
}

function outOfRange(text: string, name: string): GantryError {
  return fail(`parsing time ${goTimeQuote(text)}: ${name} out of range`)
}

function cannotParse(text: string, layout: string, [rest, piece]: readonly [rest: string, piece: string]): GantryError {
  return fail(`parsing time ${goTimeQuote(text)} as "${layout}": cannot parse ${goTimeQuote(rest)} as "${piece}"`)
}

/** The numbers up to the seconds, and what follows them. */
function readPieces(text: string, layout: string): { readonly numbers: readonly number[]; readonly rest: string } {
  let rest = text
  const numbers: number[] = []
  for (const [name, match] of pieces) {
    const found = match.exec(rest)
    if (found === null) throw cannotParse(text, layout, [rest, name])
    if (name.length > 1) numbers.push(Number(found[0]))
    // Everything but the day is judged as soon as it is read.
    const limit = clockLimits.find(([piece]) => piece === name)
    if (limit !== undefined && isOutside(Number(found[0]), limit)) throw outOfRange(text, limit[1])
    rest = rest.slice(found[0].length)
  }
  return { numbers, rest }
}

interface SplitTime {
  readonly numbers: readonly number[]
  readonly fraction: string
  readonly zone: string
}

function splitTime(text: string, layout: string): SplitTime {
  const { numbers, rest } = readPieces(text, layout)
  const fraction = (layout === microLayout ? /^\.\d{6}/ : /^[.,]\d+/).exec(rest)?.[0] ?? ''
  if (layout === microLayout && fraction === '') throw cannotParse(text, layout, [rest, '.000000'])
  const tail = rest.slice(fraction.length)
  const zone = /^(?:Z|[+-]\d{2}:\d{2})/.exec(tail)?.[0]
  if (zone === undefined) throw cannotParse(text, layout, [tail, 'Z07:00'])
  if (tail.length > zone.length)
    throw fail(`parsing time ${goTimeQuote(text)}: extra text: ${goTimeQuote(tail.slice(zone.length))}`)
  return { numbers, fraction: fraction.slice(1), zone }
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0
  const total = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60
  return zone.startsWith('-') ? -total : total
}

/** Reads RFC 3339 text (`layout` decides about decimals). Throws `KUBERNETES_TIME` with Go's words. */
export function parseTime(text: string, layout: string = secondsLayout): Instant {
  const { numbers, fraction, zone } = splitTime(text, layout)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers
  const days = daysOf(year, month, day)
  if (days === undefined) throw outOfRange(text, 'day')
  const seconds = days * 86_400 + hour * 3600 + minute * 60 + second - zoneSeconds(zone)
  return { seconds, nanos: Number(fraction.slice(0, 9).padEnd(9, '0')) }
}

/** `2006-01-02T15:04:05Z`, or with six decimals; null for Go's zero time. */
export function formatTime(at: Instant, micro: boolean = false): string | null {
  if (at.seconds === zeroSeconds && at.nanos === 0) return null
  const fraction = micro ? `.${String(Math.floor(at.nanos / 1000)).padStart(6, '0')}` : ''
  return `${dateTimeText(at.seconds)}${fraction}Z`
}

const canonicalSeconds = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/** The canonical text of a written `Time` (or `MicroTime`); null for Go's zero time. Throws as `parseTime`. */
export function canonicalTime(text: string, micro: boolean = false): string | null {
  if (!micro && canonicalSeconds.test(text) && !text.startsWith('0001')) return text
  return formatTime(parseTime(text, micro ? microLayout : secondsLayout), micro)
}
