/** The functions that templates may call: Go's own (text/template, funcs.go) and those the docker client adds. */
import { sprintf } from './go-printf.ts'
import { goJson } from './go-json.ts'
import { isTrue, kindOf, numberOf, printValue, typeNameOf } from './go-values.ts'

export interface TemplateFunction {
  readonly least: number
  /** Left out: any number. */
  readonly most?: number
  /** Which arguments must be strings. */
  readonly strings?: 'all' | readonly number[]
  readonly call: (args: readonly unknown[]) => unknown
}

/** A function refused its arguments; the message follows `error calling NAME: `. */
export class CallFailure extends Error {}

/** Where a sequence ends, in Go's terms: bytes of a string, elements of a slice. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  if (value === undefined || value === null) throw new CallFailure('len of nil pointer')
  if (kindOf(value) === 'map') return Object.keys(value).length
  throw new CallFailure(`len of type ${typeNameOf(value)}`)
}

function indexOf([item, ...keys]: readonly unknown[]): unknown {
  if (item === undefined || item === null) throw new CallFailure('index of untyped nil')
  let value: unknown = item
  for (const key of keys) value = indexOnce(value, key)
  return value
}

function indexOnce(value: unknown, key: unknown): unknown {
  if (Array.isArray(value) || typeof value === 'string') {
    const at = position(key, lengthOf(value))
    return typeof value === 'string' ? Buffer.from(value)[at] : (value[at] as unknown)
  }
  if (value === undefined || value === null) throw new CallFailure('index of nil pointer')
  if (kindOf(value) !== 'map') throw new CallFailure(`can't index item of type ${typeNameOf(value)}`)
  if (typeof key !== 'string') throw new CallFailure(`value has type ${typeNameOf(key)}; should be string`)
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined
}

function position(key: unknown, length: number, inclusive = false): number {
  if (key === undefined || key === null) throw new CallFailure('cannot index slice/array with nil')
  if (kindOf(key) !== 'int') throw new CallFailure(`cannot index slice/array with type ${typeNameOf(key)}`)
  const at = numberOf(key)
  if (at < 0 || at > length || (!inclusive && at === length)) throw new CallFailure(`index out of range: ${at}`)
  return at
}

function sliceOf([item, ...bounds]: readonly unknown[]): unknown {
  if (typeof item !== 'string' && !Array.isArray(item))
    throw new CallFailure(
      item === undefined || item === null ? 'slice of untyped nil' : `can't slice item of type ${typeNameOf(item)}`,
    )
  if (bounds.length > 3) throw new CallFailure(`too many slice indexes: ${bounds.length}`)
  if (bounds.length === 3 && typeof item === 'string') throw new CallFailure('cannot 3-index slice a string')
  const length = lengthOf(item)
  const [from = 0, to = length] = bounds.map((bound) => position(bound, length, true))
  if (from > to) throw new CallFailure(`invalid slice index: ${from} > ${to}`)
  return typeof item === 'string'
    ? Buffer.from(item).subarray(from, to).toString()
    : (item as unknown[]).slice(from, to)
}

/** fmt.Sprint: spaces only between two operands of which neither is a string. */
function sprint(args: readonly unknown[]): string {
  return args
    .map(
      (arg, at) => (at > 0 && typeof arg !== 'string' && typeof args[at - 1] !== 'string' ? ' ' : '') + printValue(arg),
    )
    .join('')
}

function textOf(args: readonly unknown[]): string {
  return args.length === 1 && typeof args[0] === 'string' ? args[0] : sprint(args)
}

function compareEqual(left: unknown, right: unknown): boolean {
  const [kindLeft, kindRight] = [kindOf(left), kindOf(right)]
  const empty = (kind: string): boolean => kind === 'invalid' || kind === 'nil'
  if (empty(kindLeft) || empty(kindRight)) return empty(kindLeft) === empty(kindRight)
  if (['slice', 'map', 'func', 'struct'].includes(kindLeft))
    throw new CallFailure(`non-comparable type ${printValue(left)}: ${typeNameOf(left)}`)
  if (kindLeft !== kindRight) throw new CallFailure('incompatible types for comparison')
  return kindLeft === 'float'
    ? numberOf(left) === numberOf(right)
    : kindLeft === 'int'
      ? BigInt(left as number) === BigInt(right as number)
      : left === right
}

function isLess(left: unknown, right: unknown): boolean {
  const [kindLeft, kindRight] = [kindOf(left), kindOf(right)]
  if (!['int', 'float', 'string'].includes(kindLeft)) throw new CallFailure('invalid type for comparison')
  if (kindLeft !== kindRight) throw new CallFailure('incompatible types for comparison')
  if (kindLeft === 'string') return Buffer.compare(Buffer.from(left as string), Buffer.from(right as string)) < 0
  return numberOf(left) < numberOf(right)
}

function equalsAny([first, ...rest]: readonly unknown[]): boolean {
  if (rest.length === 0) throw new CallFailure('missing argument for comparison')
  return rest.some((item) => compareEqual(first, item))
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\uFFFD',
}
const jsEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

function jsEscape(text: string): string {
  return text.replace(
    /[\\'"<>&=\p{Cc}]/gu,
    (character) =>
      jsEscapes[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
}

function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

function join([list, separator]: readonly unknown[]): string {
  if (!Array.isArray(list)) throw new CallFailure(`wrong type for value; expected []string; got ${typeNameOf(list)}`)
  return list.map((item) => printValue(item)).join(separator as string)
}

function padText([text, before, after]: readonly unknown[]): string {
  if (text === '') return ''
  return ' '.repeat(numberOf(before)) + String(text) + ' '.repeat(numberOf(after))
}

function titleCase(text: string): string {
  return text.replace(
    /(^|[^\p{L}\p{Nd}_'])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  )
}

function callValue([first]: readonly unknown[]): never {
  if (first === undefined || first === null) throw new CallFailure('call of nil')
  throw new CallFailure(`non-function ${printValue(first)} of type ${typeNameOf(first)}`)
}

const jsonFunction: TemplateFunction = { least: 1, most: 1, call: ([value]) => goJson(value) }

/** `and` and `or` are missing: they stop at the first decisive argument, so the interpreter runs them itself. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['call', { least: 1, call: callValue }],
  [
    'html',
    {
      least: 0,
      call: (args) => textOf(args).replace(/["'&<>\0]/g, (character) => htmlEscapes[character] ?? character),
    },
  ],
  ['index', { least: 1, call: indexOf }],
  ['slice', { least: 1, call: sliceOf }],
  ['js', { least: 0, call: (args) => jsEscape(textOf(args)) }],
  ['len', { least: 1, most: 1, call: ([value]) => lengthOf(value) }],
  ['not', { least: 1, most: 1, call: ([value]) => !isTrue(value) }],
  ['print', { least: 0, call: sprint }],
  ['printf', { least: 1, strings: [0], call: ([format, ...args]) => sprintf(format as string, args) }],
  ['println', { least: 0, call: (args) => `${args.map(printValue).join(' ')}\n` }],
  ['urlquery', { least: 0, call: (args) => queryEscape(textOf(args)) }],
  ['eq', { least: 1, call: equalsAny }],
  ['ne', { least: 2, most: 2, call: ([left, right]) => !compareEqual(left, right) }],
  ['lt', { least: 2, most: 2, call: ([left, right]) => isLess(left, right) }],
  ['le', { least: 2, most: 2, call: ([left, right]) => isLess(left, right) || compareEqual(left, right) }],
  ['gt', { least: 2, most: 2, call: ([left, right]) => !isLess(left, right) && !compareEqual(left, right) }],
  ['ge', { least: 2, most: 2, call: ([left, right]) => !isLess(left, right) }],
  ['json', jsonFunction],
  [
    'split',
    { least: 2, most: 2, strings: 'all', call: ([text, separator]) => splitText(text as string, separator as string) },
  ],
  ['join', { least: 2, most: 2, strings: [1], call: join }],
  ['title', { least: 1, most: 1, strings: 'all', call: ([text]) => titleCase(text as string) }],
  ['lower', { least: 1, most: 1, strings: 'all', call: ([text]) => (text as string).toLowerCase() }],
  ['upper', { least: 1, most: 1, strings: 'all', call: ([text]) => (text as string).toUpperCase() }],
  ['pad', { least: 3, most: 3, strings: [0], call: padText }],
  [
    'truncate',
    {
      least: 2,
      most: 2,
      strings: [0],
      call: ([text, size]) =>
        Buffer.from(text as string)
          .subarray(0, Math.max(0, numberOf(size)))
          .toString(),
    },
  ],
])

function splitText(text: string, separator: string): readonly string[] {
  return separator === '' ? Array.from(text) : text.split(separator)
}

/** Functions of a table's header row: what shapes values leaves the column's title as it is. */
export const headerFunctions: ReadonlyMap<string, TemplateFunction> = new Map([
  ...templateFunctions,
  ...['json', 'title', 'lower', 'upper', 'truncate', 'join', 'split'].map((name): [string, TemplateFunction] => [
    name,
    { least: 1, call: ([value]) => value },
  ]),
])
