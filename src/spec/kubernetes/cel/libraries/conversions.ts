/** Conversions between kinds of values (cel-spec, type conversions; wording of cel-go). */
import { readGoBool } from '#base/data/go-bool.ts'
import { parseGoDuration } from '#base/data/duration.ts'
import { declare, fail, type CelOverload } from '../cel-function.ts'
import {
  CelDuration,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  fitsInt,
  fitsUint,
  typeNameOfValue,
  type CelValue,
} from '../cel-value.ts'
import { durationText, floorDivide, isTimestampInRange, parseTimestampText, timestampText } from '../time-values.ts'

const nanosPerSecond = 1_000_000_000n

function toInt(value: bigint): bigint {
  return fitsInt(value) ? value : fail('integer overflow')
}
function toUint(value: bigint): CelUint {
  return fitsUint(value) ? new CelUint(value) : fail('unsigned integer overflow')
}

function ofDouble(value: number, overflow: string): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : fail(overflow)
}

const noConversion = (to: string): never => fail(`type conversion error from 'string' to '${to}'`)

function intOfText(text: string): bigint {
  if (!/^[+-]?\d{1,32}$/.test(text)) return noConversion('int')
  const value = BigInt(text.replace(/^\+/, ''))
  return fitsInt(value) ? value : noConversion('int')
}

function uintOfText(text: string): CelUint {
  if (!/^\d{1,32}$/.test(text)) return noConversion('uint')
  const value = BigInt(text)
  return fitsUint(value) ? new CelUint(value) : noConversion('uint')
}

function doubleOfText(text: string): number {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return noConversion('double')
  const value = Number(text)
  return Number.isFinite(value) ? value : noConversion('double')
}

function boolOfText(text: string): boolean {
  return readGoBool(text) ?? noConversion('bool')
}

/** A double as Go's `%g` with the shortest digits. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 21) return plainDigits(value)
  const shown = String(Math.abs(power)).padStart(2, '0')
  return `${digits}e${power < 0 ? '-' : '+'}${shown}`
}

function plainDigits(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20).replace(/0+$/, '') : text
}

/** A span that a text says. @throws CelFailure */
export function durationOfText(text: string): CelDuration {
  try {
    return new CelDuration(parseGoDuration(text))
  } catch {
    return noConversion('duration')
  }
}

/** A moment that a text says. @throws CelFailure */
export function timestampOfText(text: string): CelTimestamp {
  const nanos = parseTimestampText(text)
  if (nanos === undefined) return fail(`type conversion error from 'string' to 'timestamp'`)
  return isTimestampInRange(nanos) ? new CelTimestamp(nanos) : fail('timestamp overflow')
}

function textOfBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return fail('invalid UTF-8 in bytes, cannot convert to string')
  }
}

const same = ([value]: readonly CelValue[]): CelValue => value as CelValue

const toInts: readonly CelOverload[] = [
  declare('int(int) int', 'int64_to_int64', same),
  declare('int(double) int', 'double_to_int64', ([value]) => toInt(ofDouble(value as number, 'integer overflow'))),
  declare('int(duration) int', 'duration_to_int64', ([value]) => (value as CelDuration).nanos),
  declare('int(string) int', 'string_to_int64', ([value]) => intOfText(value as string)),
  declare('int(timestamp) int', 'timestamp_to_int64', ([value]) =>
    floorDivide((value as CelTimestamp).nanos, nanosPerSecond),
  ),
  declare('int(uint) int', 'uint64_to_int64', ([value]) => toInt((value as CelUint).value)),
  declare('uint(uint) uint', 'uint64_to_uint64', same),
  declare('uint(double) uint', 'double_to_uint64', ([value]) =>
    toUint(ofDouble(value as number, 'unsigned integer overflow')),
  ),
  declare('uint(int) uint', 'int64_to_uint64', ([value]) => toUint(value as bigint)),
  declare('uint(string) uint', 'string_to_uint64', ([value]) => uintOfText(value as string)),
]

const toOthers: readonly CelOverload[] = [
  declare('bool(bool) bool', 'bool_to_bool', same),
  declare('bool(string) bool', 'string_to_bool', ([value]) => boolOfText(value as string)),
  declare('double(double) double', 'double_to_double', same),
  declare('double(int) double', 'int64_to_double', ([value]) => Number(value as bigint)),
  declare('double(string) double', 'string_to_double', ([value]) => doubleOfText(value as string)),
  declare('double(uint) double', 'uint64_to_double', ([value]) => Number((value as CelUint).value)),
  declare('bytes(bytes) bytes', 'bytes_to_bytes', same),
  declare('bytes(string) bytes', 'string_to_bytes', ([value]) => new TextEncoder().encode(value as string)),
  declare('duration(duration) duration', 'duration_to_duration', same),
  declare('duration(int) duration', 'int64_to_duration', ([value]) => new CelDuration(value as bigint)),
  declare('duration(string) duration', 'string_to_duration', ([value]) => durationOfText(value as string)),
  declare('timestamp(timestamp) timestamp', 'timestamp_to_timestamp', same),
  declare('timestamp(int) timestamp', 'int64_to_timestamp', ([value]) => {
    const nanos = (value as bigint) * nanosPerSecond
    return isTimestampInRange(nanos) ? new CelTimestamp(nanos) : fail('timestamp overflow')
  }),
  declare('timestamp(string) timestamp', 'string_to_timestamp', ([value]) => timestampOfText(value as string)),
  declare('dyn(A) dyn', 'to_dyn', same),
  declare('type(A) type', 'type', ([value]) => new CelTypeValue(typeNameOfValue(value as CelValue))),
]

const toStrings: readonly CelOverload[] = [
  declare('string(string) string', 'string_to_string', same),
  declare('string(bool) string', 'bool_to_string', ([value]) => String(value as boolean)),
  declare('string(bytes) string', 'bytes_to_string', ([value]) => textOfBytes(value as Uint8Array)),
  declare('string(double) string', 'double_to_string', ([value]) => doubleText(value as number)),
  declare('string(duration) string', 'duration_to_string', ([value]) => durationText((value as CelDuration).nanos)),
  declare('string(int) string', 'int64_to_string', ([value]) => String(value as bigint)),
  declare('string(timestamp) string', 'timestamp_to_string', ([value]) => timestampText((value as CelTimestamp).nanos)),
  declare('string(uint) string', 'uint64_to_string', ([value]) => String((value as CelUint).value)),
]

export const conversionFunctions: readonly CelOverload[] = [...toInts, ...toOthers, ...toStrings]
