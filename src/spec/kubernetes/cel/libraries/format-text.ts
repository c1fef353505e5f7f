/** `format` of cel-go's strings library: `%s %d %f %e %b %x %X %o %%`, with upstream's errors. */
import { stringLengthMax } from '../cel-limits.ts'
import { fail } from '../cel-function.ts'
import {
  CelDuration,
  CelList,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  isCelMap,
  typeNameOfValue,
  type CelMap,
  type CelValue,
} from '../cel-value.ts'
import { durationText, timestampText } from '../time-values.ts'
import { doubleText } from './conversions.ts'

const clause = /%(?:\.(\d{1,3}))?([a-zA-Z%])?/g
const defaultPrecision = 6

/** A pattern with its clauses filled in. @throws CelFailure */
export function formatText(pattern: string, args: CelList): string {
  let next = 0
  let length = pattern.length
  const filled = pattern.replaceAll(
    clause,
    (whole: string, precision: string | undefined, verb: string | undefined) => {
      if (whole === '%%') return '%'
      if (verb === undefined || verb === '%') return fail('unexpected end of string')
      if (next >= args.length) return fail(`index ${next} out of range`)
      const shown = formatClause(verb, args.at(next), precision === undefined ? defaultPrecision : Number(precision))
      next += 1
      length += shown.length
      return length > stringLengthMax ? fail('string size limit exceeded') : shown
    },
  )
  return filled
}

function formatClause(verb: string, value: CelValue, precision: number): string {
  switch (verb) {
    case 's':
      return plainText(value)
    case 'd':
      return decimal(value)
    case 'f':
      return floating(value, 'fixed-point', (some) => fixed(some, precision))
    case 'e':
      return floating(value, 'scientific notation', (some) => exponential(some, precision))
    case 'b':
      return binary(value)
    case 'x':
    case 'X':
      return verb === 'x' ? hexadecimal(value) : hexadecimal(value).toUpperCase()
    case 'o':
      return inBase(value, 8) ?? refused('octal clause can only be used on integers', value)
    default:
      return fail(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
  }
}

function refused(rule: string, value: CelValue): never {
  return fail(`error during formatting: ${rule}, was given ${typeNameOfValue(value)}`)
}

/** `%s`: scalars as `string()` shows them, lists and maps as literals. */
function plainText(value: CelValue): string {
  if (typeof value === 'string') return value
  if (value instanceof CelTimestamp) return timestampText(value.nanos)
  if (value instanceof CelDuration) return durationText(value.nanos)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof CelTypeValue) return value.name
  if (typeof value === 'number') return doubleText(value)
  return literalText(value, 0)
}

const deepest = 32

/** A value as it stands inside a list or map. */
function literalText(value: CelValue, depth: number): string {
  if (depth > deepest) return fail('string size limit exceeded')
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? value.toFixed(defaultPrecision) : JSON.stringify(doubleText(value))
    default:
      return value === null ? 'null' : objectText(value, depth)
  }
}

function objectText(value: Exclude<CelValue, null>, depth: number): string {
  if (value instanceof CelUint) return String(value.value)
  if (value instanceof CelTimestamp) return `timestamp("${timestampText(value.nanos)}")`
  if (value instanceof CelDuration) return `duration("${durationText(value.nanos)}")`
  if (value instanceof Uint8Array) return `b${JSON.stringify(new TextDecoder().decode(value))}`
  if (value instanceof CelTypeValue) return value.name
  if (value instanceof CelList)
    return joined(
      [...value].map((item) => literalText(item, depth + 1)),
      '[]',
    )
  if (isCelMap(value)) return mapText(value, depth)
  return fail(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeNameOfValue(value)}`,
  )
}

function joined(parts: readonly string[], [open, close]: string): string {
  let length = 0
  for (const part of parts) length += part.length + 2
  return length > stringLengthMax ? fail('string size limit exceeded') : `${open}${parts.join(', ')}${close}`
}

function mapText(map: CelMap, depth: number): string {
  const entries: [string, string][] = []
  for (const key of map.keys()) {
    const value = map.find(key)
    if (value !== undefined) entries.push([literalText(key, depth + 1), literalText(value, depth + 1)])
  }
  entries.sort(([left], [right]) => (left < right ? -1 : Number(left > right)))
  return joined(
    entries.map(([key, value]) => `${key}:${value}`),
    '{}',
  )
}

function inBase(value: CelValue, base: number): string | undefined {
  if (typeof value === 'bigint') return value.toString(base)
  return value instanceof CelUint ? value.value.toString(base) : undefined
}

function decimal(value: CelValue): string {
  return inBase(value, 10) ?? refused('decimal clause can only be used on integers', value)
}

function binary(value: CelValue): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return inBase(value, 2) ?? refused('only integers and bools can be formatted as binary', value)
}

function hexadecimal(value: CelValue): string {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  if (bytes instanceof Uint8Array) return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return inBase(value, 16) ?? refused('only integers, byte buffers, and strings can be formatted as hex', value)
}

function floating(value: CelValue, kind: string, show: (value: number) => string): string {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity')
    return value === 'NaN' ? 'NaN' : value.replace('Infinity', '∞')
  if (typeof value !== 'number') return refused(`${kind} clause can only be used on doubles`, value)
  if (Number.isFinite(value)) return show(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '∞' : '-∞'
}

/** JavaScript writes at most 100 digits; those behind them are zeros here. */
function fixed(value: number, precision: number): string {
  return value.toFixed(Math.min(precision, 100)) + '0'.repeat(Math.max(0, precision - 100))
}

function exponential(value: number, precision: number): string {
  const [digits = '', power = '0'] = value.toExponential(Math.min(precision, 100)).split('e')
  const exponent = Number(power)
  return `${digits} × 10${exponent < 0 ? '⁻' : ''}${superscript(Math.abs(exponent))}`
}

const superscript = (value: number): string =>
  Array.from(String(value).padStart(2, '0'))
    .map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])
    .join('')
