/** fmt.Sprintf for template values: verbs, flags, width and precision as Go's fmt package defines them. */
import { goQuote } from '#base/data/go-quote.ts'
import { GoFloat, formatFloat, kindOf, numberOf, printValue, typeNameOf } from './go-values.ts'

interface Directive {
  readonly flags: string
  readonly width: number | undefined
  readonly precision: number | undefined
  readonly verb: string
}

const directivePattern = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([^\d.])?/gsu

/** `format` with its verbs replaced, as fmt.Sprintf: wrong verbs and counts become `%!…` text, never an error. */
export function sprintf(format: string, args: readonly unknown[]): string {
  let next = 0
  const take = (): unknown => args[next++]
  const text = format.replace(directivePattern, (...match: readonly (string | undefined)[]) => {
    const [whole = '', flags = '', width, precision, verb] = match
    const directive: Directive = {
      flags,
      width: width === '*' ? numberOf(take()) : width === undefined ? undefined : Number(width),
      precision: precisionOf(whole, precision === '*' ? String(numberOf(take())) : precision),
      verb: verb ?? '',
    }
    if (verb === undefined) return '%!(NOVERB)'
    if (verb === '%') return '%'
    if (next >= args.length) return `%!${verb}(MISSING)`
    return pad(formatVerb(directive, take()), directive)
  })
  if (next >= args.length) return text
  const extra = args
    .slice(next)
    .map((arg) => (arg === undefined || arg === null ? '<nil>' : `${typeNameOf(arg)}=${printValue(arg)}`))
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

function precisionOf(whole: string, digits: string | undefined): number | undefined {
  if (digits !== undefined) return Number(digits)
  return whole.includes('.') ? 0 : undefined
}

function pad(text: string, { flags, width, verb }: Directive): string {
  const size = Array.from(text).length
  const missing = Math.abs(width ?? 0) - size
  if (missing <= 0) return text
  if (flags.includes('-') || (width ?? 0) < 0) return text + ' '.repeat(missing)
  if (!flags.includes('0') || verb === 'v') return ' '.repeat(missing) + text
  const signed = /^[+-]/.test(text)
  return signed ? text.slice(0, 1) + '0'.repeat(missing) + text.slice(1) : '0'.repeat(missing) + text
}

function formatVerb(directive: Directive, value: unknown): string {
  const { verb } = directive
  if (verb === 'T') return typeNameOf(value)
  if (verb === 'v')
    return directive.flags.includes('#') ? goSyntax(value) : withSign(directive, value, printValue(value))
  if (value === undefined || value === null) return `%!${verb}(<nil>)`
  if (Array.isArray(value) && verb !== 's') return `[${value.map((item) => formatVerb(directive, item)).join(' ')}]`
  const kind = kindOf(value)
  const text =
    kind === 'int'
      ? formatInteger(directive, BigInt(value as number | bigint))
      : kind === 'float'
        ? formatDecimal(directive, value)
        : formatOther(directive, value)
  return text ?? `%!${verb}(${typeNameOf(value)}=${printValue(value)})`
}

function withSign({ flags }: Directive, value: unknown, text: string): string {
  const kind = kindOf(value)
  if ((kind !== 'int' && kind !== 'float') || text.startsWith('-')) return text
  if (flags.includes('+')) return `+${text}`
  return flags.includes(' ') ? ` ${text}` : text
}

const integerBases: Readonly<Record<string, readonly [number, string]>> = {
  d: [10, ''],
  b: [2, '0b'],
  o: [8, '0'],
  O: [8, ''],
  x: [16, '0x'],
  X: [16, '0X'],
}

function formatInteger(directive: Directive, value: bigint): string | undefined {
  const { verb, flags } = directive
  if (verb === 'c') return String.fromCodePoint(Number(value))
  if (verb === 'q') return `'${String.fromCodePoint(Number(value))}'`
  if (verb === 'U') return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`
  const base = integerBases[verb]
  if (base === undefined) return undefined
  const digits = (value < 0n ? -value : value).toString(base[0])
  const long = digits.padStart(directive.precision ?? 0, '0')
  const prefix = verb === 'O' ? '0o' : flags.includes('#') ? base[1] : ''
  const body = prefix + (verb === 'X' ? long.toUpperCase() : long)
  return value < 0n ? `-${body}` : withSign(directive, value, body)
}

function formatDecimal(directive: Directive, value: unknown): string | undefined {
  const { verb } = directive
  const number = numberOf(value)
  const lower = verb.toLowerCase()
  if (lower !== 'e' && lower !== 'f' && lower !== 'g') return undefined
  const precision = directive.precision ?? (lower === 'g' ? -1 : 6)
  const text = withSign(directive, value, formatFloat(number, lower, precision))
  return verb === lower ? text : text.toUpperCase()
}

/** The first `precision` characters. */
function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join('')
}

function formatOther({ verb, precision, flags }: Directive, value: unknown): string | undefined {
  if (verb === 't') return typeof value === 'boolean' ? String(value) : undefined
  if (verb === 's') return typeof value === 'boolean' ? undefined : cut(printValue(value), precision)
  if (typeof value !== 'string') return undefined
  if (verb === 'q') return flags.includes('#') && !value.includes('`') ? `\`${value}\`` : goQuote(value)
  if (verb !== 'x' && verb !== 'X') return undefined
  const hex = Buffer.from(value).toString('hex')
  return verb === 'x' ? hex : hex.toUpperCase()
}

function goSyntax(value: unknown): string {
  if (typeof value === 'string') return goQuote(value)
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (value instanceof GoFloat) return formatFloat(value.value, 'g', -1)
  if (kindOf(value) !== 'map') return printValue(value)
  const entries = Object.entries(value as object).map(([key, item]) => `${goQuote(key)}:${goSyntax(item)}`)
  return `map[string]interface {}{${entries.join(', ')}}`
}
