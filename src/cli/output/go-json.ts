/** JSON as Go's encoder writes it: sorted map keys, no HTML escaping (the docker client turns that off). */
import { GoFloat, GoRecord, compareText, formatFloat, goNil, nilMap, nilSlice, printValue } from './go-values.ts'

/** A value as encoding/json prints it, without newline at the end. */
export function goJson(value: unknown): string {
  if (isNull(value)) return 'null'
  if (typeof value === 'string') return jsonString(value)
  if (typeof value === 'number') return jsonNumber(value)
  if (value instanceof GoFloat) return jsonNumber(value.value)
  if (value instanceof GoRecord)
    return value.escapesHtml ? escapeHtml(goJsonOrdered(value.json)) : goJsonOrdered(value.json)
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (typeof value !== 'object') return printValue(value)
  const entries = Object.keys(value).toSorted(compareText)
  return `{${entries.map((key) => `${jsonString(key)}:${goJson((value as Readonly<Record<string, unknown>>)[key])}`).join(',')}}`
}

function isNull(value: unknown): value is undefined | null {
  return (
    value === undefined ||
    value === null ||
    value === goNil ||
    value === nilSlice ||
    value === nilMap ||
    typeof value === 'function'
  )
}

/** JSON text with the characters that HTML gives a meaning to written as escapes. */
export function escapeHtml(json: string): string {
  return json.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
}

/** As goJson, but objects keep the order of their keys, as Go's structs keep that of their fields. */
export function goJsonOrdered(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJsonOrdered).join(',')}]`
  if (typeof value !== 'object' || value === null || value instanceof GoFloat || value instanceof GoRecord)
    return goJson(value)
  return `{${Object.entries(value)
    .map(([key, item]) => `${jsonString(key)}:${goJsonOrdered(item)}`)
    .join(',')}}`
}

function jsonString(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029').replaceAll('\x7f', '\x7f')
}

function jsonNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString()
  const size = Math.abs(value)
  return formatFloat(value, size !== 0 && (size < 1e-6 || size >= 1e21) ? 'e' : 'f', -1)
}

/**
 * Re-indents JSON text without reading its values, as json.Indent does: numbers keep their digits, keys their order,
 * empty objects and lists stay on one line. `text` must be valid JSON.
 */
export function indentJson(text: string, indent: string): string {
  let out = ''
  let depth = 0
  const breakLine = (): string => `\n${indent.repeat(depth)}`
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token === '{' || token === '[') {
      depth += 1
      out += token + breakLine()
    } else if (token === '}' || token === ']') {
      depth -= 1
      out = /[{[]\n *$/.test(out.slice(-(indent.length * (depth + 1) + 2)))
        ? out.trimEnd() + token
        : out + breakLine() + token
    } else if (token === ',') out += `,${breakLine()}`
    else out += token === ':' ? ': ' : token
  }
  return out
}

/** Reads JSON so that whole numbers too large for a double keep all their digits. */
export function readJson(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || context?.source === undefined) return value
    if (!/^-?\d+$/.test(context.source)) return Number.isInteger(value) ? new GoFloat(value) : value
    return Number.isSafeInteger(value) ? value : BigInt(context.source)
  }
  return JSON.parse(text, reviver) as unknown
}
