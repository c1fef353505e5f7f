/**
 * Values as Go's templates see them: what is true, what kind a value has, how fmt prints it.
 * JSON values stand for Go's maps, slices and scalars; records stand for Go structs with methods.
 */

/** A Go struct or a row of a listing: named fields or methods, nothing else. */
export class GoRecord {
  /** Go's name of the type, as error messages show it. */
  readonly typeName: string
  readonly fields: ReadonlyMap<string, unknown>
  /** What the `json` function prints. */
  readonly json: unknown
  /** Rows of listings escape `<`, `>` and `&` in JSON, as Go's marshalling does by default. */
  readonly escapesHtml: boolean = false

  constructor(typeName: string, fields: ReadonlyMap<string, unknown>, json: unknown) {
    this.typeName = typeName
    this.fields = fields
    this.json = json
  }
}

/** A row of a listing. */
export class GoRow extends GoRecord {
  override readonly escapesHtml: boolean = true
}

/** A method with arguments, as in `{{.Label "key"}}`. */
export type GoMethod = (...args: readonly unknown[]) => unknown

/** A floating-point number, kept apart because Go prints and formats it by its type. */
export class GoFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A nil pointer of a known type: prints `<nil>`, where a missing value prints `<no value>`. */
export const goNil: unique symbol = Symbol('nil')

/** A nil slice and a nil map: printed and ranged over like empty ones, `null` in JSON. */
export const nilSlice: readonly unknown[] = Object.freeze([])
export const nilMap: Readonly<Record<string, unknown>> = Object.freeze({})

export type GoKind = 'invalid' | 'nil' | 'bool' | 'int' | 'float' | 'string' | 'slice' | 'map' | 'struct' | 'func'

const kindsByType: Readonly<Record<string, GoKind>> = {
  boolean: 'bool',
  bigint: 'int',
  string: 'string',
  function: 'func',
  symbol: 'nil',
}

/** The Go kind of a value. */
export function kindOf(value: unknown): GoKind {
  if (value === undefined || value === null) return 'invalid'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  const simple = kindsByType[typeof value]
  if (simple !== undefined) return simple
  if (value instanceof GoFloat) return 'float'
  if (Array.isArray(value)) return 'slice'
  return value instanceof GoRecord ? 'struct' : 'map'
}

/** Go's name of a value's type as its error messages print it. */
export function typeNameOf(value: unknown): string {
  const names: Readonly<Record<GoKind, string>> = {
    invalid: '<nil>',
    nil: '<nil>',
    bool: 'bool',
    int: 'int',
    float: 'float64',
    string: 'string',
    slice: '[]interface {}',
    map: 'map[string]interface {}',
    func: 'func',
    struct: 'struct',
  }
  return value instanceof GoRecord ? value.typeName : names[kindOf(value)]
}

/** True when `if` takes the branch: not zero, not empty, not nil (text/template, "Actions"). */
export function isTrue(value: unknown): boolean {
  switch (kindOf(value)) {
    case 'invalid':
    case 'nil':
      return false
    case 'bool':
      return value === true
    case 'int':
      return value !== 0 && value !== 0n
    case 'float':
      return numberOf(value) !== 0
    case 'string':
      return value !== ''
    case 'slice':
      return (value as readonly unknown[]).length > 0
    case 'map':
      return Object.keys(value as object).length > 0
    case 'struct':
    case 'func':
      return true
  }
}

/** The number behind an int or float value; NaN for anything else. */
export function numberOf(value: unknown): number {
  if (value instanceof GoFloat) return value.value
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'number' ? value : Number.NaN
}

/** What an action prints for its result: `<no value>` for a missing one, else as fmt.Print. */
export function printAction(value: unknown): string {
  return value === undefined || value === null ? '<no value>' : printValue(value)
}

/** A value as fmt's %v prints it: `[a b]`, `map[k:v]` with sorted keys, `{a b}`, `<nil>`. */
export function printValue(value: unknown): string {
  switch (kindOf(value)) {
    case 'invalid':
    case 'nil':
      return '<nil>'
    case 'bool':
    case 'int':
    case 'string':
      return String(value)
    case 'float':
      return formatFloat(numberOf(value), 'g', -1)
    case 'slice':
      return `[${(value as readonly unknown[]).map(printValue).join(' ')}]`
    case 'map':
      return printMap(value as Readonly<Record<string, unknown>>)
    case 'struct':
      return `{${[...(value as GoRecord).fields.values()]
        .filter((field) => typeof field !== 'function')
        .map(printValue)
        .join(' ')}}`
    case 'func':
      return '<func>'
  }
}

function printMap(value: Readonly<Record<string, unknown>>): string {
  const entries = Object.keys(value).toSorted(compareText)
  return `map[${entries.map((key) => `${key}:${printValue(value[key])}`).join(' ')}]`
}

/** Byte order, which is what Go sorts strings by. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

/**
 * A float as strconv.FormatFloat writes it. `precision` -1 asks for the fewest digits that read back the same;
 * with `g` an exponent below -4 or from 21 up (the precision, when given) switches to exponent form.
 */
export function formatFloat(value: number, verb: 'e' | 'f' | 'g', precision: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (verb === 'f') return precision < 0 ? plainDigits(value) : value.toFixed(Math.min(precision, 100))
  if (verb === 'e') return goExponent(precision < 0 ? value.toExponential() : value.toExponential(precision))
  return formatShort(value, precision)
}

/** Verb `g`: plain digits, or an exponent where it is very large or small. */
function formatShort(value: number, precision: number): string {
  const digits = precision === 0 ? 1 : precision
  const scientific = digits < 0 ? value.toExponential() : value.toExponential(digits - 1)
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1))
  const limit = digits < 0 ? 21 : digits
  if (exponent < -4 || exponent >= limit) return goExponent(dropTrailingZeros(scientific))
  const text = digits < 0 ? plainDigits(value) : value.toFixed(Math.max(0, digits - 1 - exponent))
  return digits < 0 ? text : dropTrailingZeros(text)
}

function plainDigits(value: number): string {
  const text = String(value)
  return text.includes('e') ? BigInt(Math.trunc(value)).toString() : text
}

function dropTrailingZeros(text: string): string {
  const [mantissa = '', exponent] = text.split('e')
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  return exponent === undefined ? short : `${short}e${exponent}`
}

function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}
