/** Single JSON values as Go would read them and write them again. `undefined` stands for "zero": the caller decides whether it shows. */
import { formatGoDuration, parseGoDuration } from '#base/data/duration.ts'
import type { SchemaType } from '../schema/type-rows.ts'
import type { Shape } from '../schema/shape.ts'
import { decodeError } from './decode-error.ts'
import { canonicalQuantity } from './quantity-text.ts'
import { canonicalTime } from './time-text.ts'

/** Raised for a value of the wrong JSON type; the decoder adds where it stood. */
export interface TypeMismatch {
  readonly mismatch: string
}

const mismatchOf = (goType: string): TypeMismatch => ({ mismatch: goType })

/** True for the answer of `canonicalScalar` that stands for a wrong type. */
export function isMismatch(value: unknown): value is TypeMismatch {
  return typeof value === 'object' && value !== null && 'mismatch' in value
}

const int32Max = 2_147_483_647
const base64Chars = /^[A-Za-z0-9+/]*$/

/** Byte offset at which Go's decoder gives up on standard base64, or -1. */
function base64FaultAt(text: string): number {
  const bare = text.replace(/={1,2}$/, '')
  const padding = text.length - bare.length
  const bad = /[^A-Za-z0-9+/]/.exec(bare)
  if (bad !== null) return bad[0] === '=' && bad.index % 4 === 3 ? bad.index + 1 : bad.index
  const rest = bare.length % 4
  if (padding === 0) return rest === 0 ? -1 : bare.length - rest
  if (rest < 2) return bare.length
  return rest + padding === 4 ? -1 : text.length - (rest + padding > 4 ? 1 : 0)
}

/** A place in text without line breaks, as a place in the text with them. */
function placeInWritten(written: string, clean: string, at: number): number {
  // An incomplete end is counted back from the end, line breaks and all.
  if (/^[A-Za-z0-9+/]*$/.test(clean)) return written.length - (clean.length - at)
  let seen = -1
  for (let i = 0; i < written.length; i++) {
    if (written[i] !== '\n' && written[i] !== '\r') seen++
    if (seen === at) return i
  }
  return written.length
}

/** Standard base64, line breaks removed, trailing bits cleared. Throws `illegal base64 data at input byte N`. */
export function canonicalBase64(text: string): string {
  if (text.length % 4 === 0 && base64Chars.test(text)) return text
  const clean = text.replaceAll(/[\r\n]/g, '')
  const at = base64FaultAt(clean)
  if (at >= 0) throw decodeError(`illegal base64 data at input byte ${placeInWritten(text, clean, at)}`)
  return Buffer.from(clean, 'base64').toString('base64')
}

function isWhole(value: unknown, literal: string | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && (literal === undefined || /^-?\d+$/.test(literal))
}

function wholeNumber(value: unknown, type: SchemaType, literal: string | undefined): unknown {
  if (!isWhole(value, literal)) return mismatchOf(type.goName)
  const fits = type.shape === 'int32' ? value <= int32Max && value >= -int32Max - 1 : Math.abs(value) < 2 ** 63
  return fits ? value : mismatchOf(type.goName)
}

function intOrString(value: unknown, literal: string | undefined): unknown {
  if (typeof value === 'string') return value
  const fits = isWhole(value, literal) && value <= int32Max && value >= -int32Max - 1
  return fits ? value : mismatchOf('int32')
}

function quantity(value: unknown, literal: string | undefined): unknown {
  if (value === null) return '0'
  if (typeof value === 'string') return canonicalQuantity(value.trim())
  return canonicalQuantity(literal ?? JSON.stringify(value))
}

type ScalarReader = (value: unknown, type: SchemaType, literal: string | undefined) => unknown

const readers: Readonly<Partial<Record<Shape, ScalarReader>>> = {
  string: (value, type) => (typeof value === 'string' ? value : mismatchOf(type.goName)),
  bool: (value) => (typeof value === 'boolean' ? value : mismatchOf('bool')),
  int32: wholeNumber,
  int64: wholeNumber,
  float64: (value) => (typeof value === 'number' ? value : mismatchOf('float64')),
  bytes: (value) => (typeof value === 'string' ? canonicalBase64(value) : mismatchOf('[]uint8')),
  quantity: (value, _, literal) => quantity(value, literal),
  intOrString: (value, _, literal) => intOrString(value, literal),
  time: (value) => (typeof value === 'string' ? canonicalTime(value) : mismatchOf('string')),
  microTime: (value) => (typeof value === 'string' ? canonicalTime(value, true) : mismatchOf('string')),
  duration: (value) => (typeof value === 'string' ? formatGoDuration(parseGoDuration(value)) : mismatchOf('string')),
}

/** The canonical value of a scalar or hand-coded type; null has been dealt with, except for quantities. */
export function canonicalScalar(value: unknown, type: SchemaType, literal?: string): unknown {
  const read = readers[type.shape]
  return read === undefined ? value : read(value, type, literal)
}
