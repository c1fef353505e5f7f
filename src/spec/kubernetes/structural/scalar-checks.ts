/** Types, text and numbers against one schema (kube-openapi validate, v1.36). */
import { goQuote } from '#base/data/go-quote.ts'
import { RE2JS } from 're2js'
import type { SchemaNode } from './schema-node.ts'
import { knownFormat, matchesFormat } from './value-formats.ts'
import type { Problem } from './verdict.ts'

function typesOf(node: SchemaNode): readonly string[] {
  if (node.intOrString) return ['integer', 'string']
  return node.type === '' ? [] : [node.type]
}

function jsonType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value !== 'number') return typeof value
  // What does not fit 64 bits is no integer any more.
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'integer' : 'number'
}

function wrongType(path: string, wanted: string, found: string): Problem {
  const message = `${path} in body must be of type ${wanted}: ${goQuote(found)}`
  return { kind: 'type', path, value: found, message }
}

function isOfType(types: readonly string[], found: string): boolean {
  return types.includes(found) || (found === 'integer' && types.includes('number'))
}

/** The format that numbers have by themselves; other values have none. */
function ownFormat(found: string): string {
  if (found === 'integer') return 'int64'
  return found === 'number' ? 'float64' : ''
}

/** The problem of a value of the wrong type, undefined when it is of the right one. */
export function typeProblem(node: SchemaNode, path: string, value: unknown): Problem | undefined {
  const types = typesOf(node)
  const found = jsonType(value)
  if (value === null) return types.length === 0 ? undefined : wrongType(path, types.join(','), found)
  const fits = isOfType(types, found)
  const format = knownFormat(node.props.format, node.type)
  if (format !== '') {
    const isTextual = typeof value === 'string' || Array.isArray(value)
    // Text of a known format is of the right type, numbers apart: what is wrong with it is for the format to say.
    if (isTextual && !isOfType(types, 'integer')) return undefined
    if (!isTextual && !fits && ownFormat(found) !== format) return wrongType(path, format, ownFormat(found))
  }
  return types.length === 0 || fits ? undefined : wrongType(path, types.join(','), found)
}

const patterns = new WeakMap<SchemaNode, RE2JS | string>()

/** The compiled pattern of a schema, or why it is none. */
function patternOf(node: SchemaNode, pattern: string): RE2JS | string {
  let known = patterns.get(node)
  if (known === undefined) {
    try {
      known = RE2JS.compile(pattern)
    } catch (error) {
      known = error instanceof Error ? error.message : String(error)
    }
    patterns.set(node, known)
  }
  return known
}

/** Length, pattern and format of text. */
export function stringProblems(node: SchemaNode, path: string, value: string): readonly Problem[] {
  const first = lengthProblem(node, path, value) ?? patternProblem(node, path, value)
  const format = knownFormat(node.props.format, node.type)
  const isWrong = format !== '' && matchesFormat(format, value) === false
  return [...(first === undefined ? [] : [first]), ...(isWrong ? [wrongType(path, format, value)] : [])]
}

function lengthProblem({ props }: SchemaNode, path: string, value: string): Problem | undefined {
  const { maxLength, minLength } = props
  if (maxLength === undefined && minLength === undefined) return undefined
  const length = Array.from(value).length
  if (maxLength !== undefined && length > maxLength)
    return {
      kind: 'long',
      path,
      value,
      max: maxLength,
      message: `${path} in body should be at most ${maxLength} chars long`,
    }
  if (minLength === undefined || length >= minLength) return undefined
  return { kind: 'other', path, value, message: `${path} in body should be at least ${minLength} chars long` }
}

function patternProblem(node: SchemaNode, path: string, value: string): Problem | undefined {
  const { pattern = '' } = node.props
  if (pattern === '') return undefined
  const compiled = patternOf(node, pattern)
  const isText = typeof compiled === 'string'
  if (!isText && compiled.matcher(value).find()) return undefined
  const why = isText ? `${pattern}, but pattern is invalid: ${compiled}` : pattern
  return { kind: 'other', path, value, message: `${path} in body should match '${why}'` }
}

/** Range, format and factor of a number. */
export function numberProblems(node: SchemaNode, path: string, value: number): readonly Problem[] {
  const texts = [factorText(node, path, value), maximumText(node, path, value), minimumText(node, path, value)]
  const found = texts.flatMap((message): Problem[] => (message === '' ? [] : [{ kind: 'other', path, value, message }]))
  if (!isOutside(node, value)) return found
  const format = knownFormat(node.props.format, node.type)
  const how = format === '' ? '(default format)' : `with format ${format}`
  const message = `Checked value must be of type ${node.type} ${how} in ${path}`
  return [{ kind: 'composite', path: '', value: '', message }, ...found]
}

function factorText({ props: { multipleOf } }: SchemaNode, path: string, value: number): string {
  if (multipleOf === undefined) return ''
  if (multipleOf <= 0) return `factor MultipleOf declared for ${path} must be positive: ${multipleOf}`
  return isMultiple(value, multipleOf) ? '' : `${path} in body should be a multiple of ${multipleOf}`
}

function maximumText({ props: { maximum, exclusiveMaximum } }: SchemaNode, path: string, value: number): string {
  if (maximum === undefined) return ''
  if (exclusiveMaximum === true) return value >= maximum ? `${path} in body should be less than ${maximum}` : ''
  return value > maximum ? `${path} in body should be less than or equal to ${maximum}` : ''
}

function minimumText({ props: { minimum, exclusiveMinimum } }: SchemaNode, path: string, value: number): string {
  if (minimum === undefined) return ''
  if (exclusiveMinimum === true) return value <= minimum ? `${path} in body should be greater than ${minimum}` : ''
  return value < minimum ? `${path} in body should be greater than or equal to ${minimum}` : ''
}

function isOutside(node: SchemaNode, value: number): boolean {
  if (node.intOrString) return false
  const format = knownFormat(node.props.format, node.type)
  if (node.type === 'integer') {
    if (!Number.isInteger(value)) return true
    return format === 'int32' ? value !== (value | 0) : Math.abs(value) >= 2 ** 63
  }
  return node.type === 'number' && format === 'float' && Math.abs(value) > 3.402_823_466e38
}

function isMultiple(value: number, factor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(factor)) return value % factor === 0
  const quotient = factor < 1 ? (1 / factor) * value : value / factor
  const whole = Math.round(quotient)
  return Math.abs(quotient - whole) <= 1e-9 * Math.max(1, Math.abs(quotient))
}
