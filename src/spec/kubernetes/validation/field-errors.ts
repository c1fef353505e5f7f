/**
 * Field errors with apimachinery's reasons and texts (util/validation/field, v1.36). A field error has the shape of a
 * cause in a Status, so that lists of them go into a response as they are.
 */
import { goQuote } from '#base/data/go-quote.ts'
import { GoValue, goJson } from './go-value.ts'
import type { Path } from './field-path.ts'

export type FieldErrorReason =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooShort'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'FieldValueTypeInvalid'
  | 'InternalError'

/** What is wrong with one field; `message` is without the field: `Required value: why`. */
export interface FieldError {
  readonly reason: FieldErrorReason
  readonly message: string
  readonly field: string
}

interface Parts {
  readonly reason: FieldErrorReason
  readonly head: string
  readonly detail?: string | undefined
}

function fieldError(at: Path, { reason, head, detail = '' }: Parts): FieldError {
  return { reason, message: detail === '' ? head : `${head}: ${detail}`, field: at.toString() }
}

/** A value as it stands in messages: plain scalars bare, text quoted, everything else as JSON. */
function printed(value: unknown): string {
  if (value instanceof GoValue) return value.text
  if (typeof value === 'string') return goQuote(value)
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return goJson(value)
}

/** `Required value`, with why. */
export function required(at: Path, detail: string = ''): FieldError {
  return fieldError(at, { reason: 'FieldValueRequired', head: 'Required value', detail })
}

/** `Invalid value: "x": why`. */
export function invalid(at: Path, value: unknown, detail: string): FieldError {
  return fieldError(at, { reason: 'FieldValueInvalid', head: `Invalid value: ${printed(value)}`, detail })
}

/** `Invalid value: why` where the value itself is left out. */
export function invalidWithoutValue(at: Path, detail: string): FieldError {
  return fieldError(at, { reason: 'FieldValueInvalid', head: 'Invalid value', detail })
}

/** `Invalid value` of a wrong type. */
export function typeInvalid(at: Path, value: unknown, detail: string): FieldError {
  return fieldError(at, { reason: 'FieldValueTypeInvalid', head: `Invalid value: ${printed(value)}`, detail })
}

/** `Unsupported value: "x": supported values: "a", "b"`; the list is printed in the order given. */
export function notSupported(at: Path, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`
  return fieldError(at, { reason: 'FieldValueNotSupported', head: `Unsupported value: ${printed(value)}`, detail })
}

/** `Duplicate value: "x"`. */
export function duplicate(at: Path, value: unknown, detail: string = ''): FieldError {
  return fieldError(at, { reason: 'FieldValueDuplicate', head: `Duplicate value: ${printed(value)}`, detail })
}

/** `Not found: "x"`. */
export function notFound(at: Path, value: unknown, detail: string = ''): FieldError {
  return fieldError(at, { reason: 'FieldValueNotFound', head: `Not found: ${printed(value)}`, detail })
}

/** `Forbidden: why`. */
export function forbidden(at: Path, detail: string): FieldError {
  return fieldError(at, { reason: 'FieldValueForbidden', head: 'Forbidden', detail })
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** `Internal error: why`: for what could not be checked. */
export function uncheckable(at: Path, detail: string): FieldError {
  return fieldError(at, { reason: 'InternalError', head: 'Internal error', detail })
}

/** `Too long: may not be more than N bytes`. */
export function tooLong(at: Path, bytesMax: number): FieldError {
  const detail = `may not be more than ${counted(bytesMax, 'byte')}`
  return fieldError(at, { reason: 'FieldValueTooLong', head: 'Too long', detail })
}

/** `Too many: N: must have at most M items`. */
export function tooMany(at: Path, count: number, countMax: number): FieldError {
  const detail = `must have at most ${counted(countMax, 'item')}`
  return fieldError(at, { reason: 'FieldValueTooMany', head: `Too many: ${count}`, detail })
}

/** One error as one line: `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${error.message}`
}

/** The errors in order with those of equal text given once, as upstream's aggregates have them. */
export function distinctErrors(errors: readonly FieldError[]): readonly FieldError[] {
  const seen = new Set<string>()
  return errors.filter((error) => {
    const text = fieldErrorText(error)
    if (seen.has(text)) return false
    seen.add(text)
    return true
  })
}

/**
 * The message of the Status for an invalid object: `Deployment.apps "x" is invalid: [a, b]`.
 * @param of the object's kind, its group (`''` for core) and name.
 */
export function invalidMessage(
  of: { readonly group: string; readonly kind: string; readonly name: string },
  errors: readonly FieldError[],
): string {
  const kind = of.group === '' ? of.kind : `${of.kind}.${of.group}`
  const texts = distinctErrors(errors).map(fieldErrorText)
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  return `${kind} ${goQuote(of.name)} is invalid${texts.length === 0 ? '' : `: ${list}`}`
}
