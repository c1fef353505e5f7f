/** Cron schedules of five fields and the `@` names, with the parser's messages; time zones by name. */
import { readGoDuration } from '#base/data/duration.ts'

interface FieldRange {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const ranges: readonly FieldRange[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
]
const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']

function numberIn(text: string, range: FieldRange): number | string {
  const named = range.names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0) return named + range.min
  if (/^\d+$/.test(text)) return Number(text)
  const quoted = JSON.stringify(text)
  if (/^-\d+$/.test(text)) return `negative number (${text}) not allowed: ${text}`
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${quoted}: invalid syntax`
}

/** The ends of `a`, `a-b`, `*` and `?`, or what is wrong with them. */
function endsOf(base: string, range: FieldRange, hasStep: boolean): readonly [number, number] | string {
  const parts = base.split('-')
  if (parts[0] === '*' || parts[0] === '?') return [range.min, range.max]
  const from = numberIn(parts[0] ?? '', range)
  if (typeof from === 'string') return from
  if (parts.length === 1) return [from, hasStep ? range.max : from]
  const to = numberIn(parts[1] ?? '', range)
  return typeof to === 'string' ? to : [from, to]
}

function partProblem(text: string, range: FieldRange): string | undefined {
  const [base = '', step, ...more] = text.split('/')
  if (base.split('-').length > 2) return `too many hyphens: ${text}`
  const ends = endsOf(base, range, step !== undefined)
  if (typeof ends === 'string') return ends
  if (more.length > 0) return `too many slashes: ${text}`
  const every = step === undefined ? 1 : numberIn(step, { min: 0, max: 0 })
  if (typeof every === 'string') return every
  const [from, to] = ends
  if (from < range.min) return `beginning of range (${from}) below minimum (${range.min}): ${text}`
  if (to > range.max) return `end of range (${to}) above maximum (${range.max}): ${text}`
  if (from > to) return `beginning of range (${from}) beyond end of range (${to}): ${text}`
  return every === 0 ? `step of range should be a positive number: ${text}` : undefined
}

/** Upstream's message for a schedule that cannot be read, undefined for one that can. */
export function scheduleProblem(whole: string): string | undefined {
  const text = whole.replace(/^(?:TZ|CRON_TZ)=\S*\s*/, '')
  if (text.startsWith('@')) {
    if (descriptors.includes(text)) return undefined
    if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`
    const duration = readGoDuration(text.slice('@every '.length))
    return typeof duration === 'string' ? `failed to parse duration ${text}: ${duration}` : undefined
  }
  const fields = text.split(/\s+/).filter((field) => field !== '')
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
  for (const [index, field] of fields.entries()) {
    const range = ranges[index]
    if (range === undefined) continue
    for (const part of field.split(',').filter((item) => item !== '')) {
      const problem = partProblem(part, range)
      if (problem !== undefined) return problem
    }
  }
  return undefined
}

/** True when the runtime knows a time zone by this name. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
