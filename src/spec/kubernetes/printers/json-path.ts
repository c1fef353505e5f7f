/**
 * The JSONPath of Kubernetes without its templates: `.a.b`, `['a.b']`, `[0]`, `[-1]`, `[0:2]`, `[*]`, `[?(@.k=="v")]`,
 * `..a`. Used for printer columns, selectable fields and scale paths of custom resources.
 */
import { GantryError } from '#base/errors/gantry-error.ts'

type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'all' }
  | { readonly kind: 'anywhere'; readonly name: string }
  | { readonly kind: 'filter'; readonly path: readonly Step[]; readonly operator: string; readonly value: unknown }

/** A parsed path. */
export interface JsonPath {
  readonly steps: readonly Step[]
}

function fail(text: string): GantryError {
  return new GantryError('KUBERNETES_JSON_PATH', 'invalid', `invalid JSONPath ${JSON.stringify(text)}`, {
    remedy: 'Write paths like .spec.replicas.',
  })
}

const filterForm = /^\?\(\s*@((?:\.[\w-]+|\[[^\]]*\])*)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*\)$/

function literal(text: string, whole: string): unknown {
  const quoted = /^(["'])(.*)\1$/.exec(text)
  if (quoted !== null) return quoted[2]
  if (text === 'true' || text === 'false') return text === 'true'
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) throw fail(whole)
  return Number(text)
}

function bracketStep(inside: string, whole: string): Step {
  const text = inside.trim()
  const quoted = /^(["'])(.*)\1$/.exec(text)
  if (quoted !== null) return { kind: 'member', name: quoted[2] ?? '' }
  if (text === '*') return { kind: 'all' }
  if (/^-?\d+$/.test(text)) return { kind: 'index', index: Number(text) }
  const slice = /^(-?\d*):(-?\d*)$/.exec(text)
  const bound = (digits: string | undefined): number | undefined =>
    digits === undefined || digits === '' ? undefined : Number(digits)
  if (slice !== null) return { kind: 'slice', from: bound(slice[1]), to: bound(slice[2]) }
  const filter = filterForm.exec(text)
  if (filter === null) throw fail(whole)
  return {
    kind: 'filter',
    path: parseSteps(filter[1] ?? '', whole),
    operator: filter[2] ?? '',
    value: filter[3] === undefined ? undefined : literal(filter[3], whole),
  }
}

/** The end of a bracket that opens at `start`; quotes may hold brackets. */
function closeOf(text: string, start: number, whole: string): number {
  let depth = 0
  let quote = ''
  for (let at = start; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === "'") quote = char
    else if (char === '[') depth++
    else if (char === ']' && --depth === 0) return at
  }
  throw fail(whole)
}

function parseSteps(text: string, whole: string): readonly Step[] {
  const steps: Step[] = []
  let at = 0
  while (at < text.length) {
    if (text[at] === '[') {
      const close = closeOf(text, at, whole)
      steps.push(bracketStep(text.slice(at + 1, close), whole))
      at = close + 1
      continue
    }
    const name = /^(\.\.?)((?:[^.[\\]|\\.)+)/.exec(text.slice(at))
    if (name === null) {
      if (text === '.') break
      throw fail(whole)
    }
    const plain = (name[2] ?? '').replaceAll(/\\(.)/g, '$1')
    if (name[1] === '..') steps.push({ kind: 'anywhere', name: plain })
    else steps.push(plain === '*' ? { kind: 'all' } : { kind: 'member', name: plain })
    at += name[0].length
  }
  return steps
}

/** Parses a path, with or without `{}` and `$`. Throws `KUBERNETES_JSON_PATH`. */
export function parseJsonPath(text: string): JsonPath {
  const bare = text
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .replace(/^\$/, '')
  return { steps: parseSteps(bare.startsWith('.') || bare.startsWith('[') || bare === '' ? bare : `.${bare}`, text) }
}

const childrenOf = (value: unknown): readonly unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : []

function compare(operator: string, left: unknown, right: unknown): boolean {
  if (operator === '==') return left === right
  if (operator === '!=') return left !== right
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) return false
  const [a, b] = [left, right as number | string]
  if (operator === '<') return a < b
  if (operator === '>') return a > b
  return operator === '<=' ? a <= b : a >= b
}

function matches(item: unknown, filter: Extract<Step, { kind: 'filter' }>): boolean {
  const found = walk([item], filter.path)
  return filter.operator === ''
    ? found.length > 0
    : found.some((value) => compare(filter.operator, value, filter.value))
}

function descend(value: unknown, name: string): readonly unknown[] {
  const own =
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? [(value as Readonly<Record<string, unknown>>)[name]]
      : []
  return [...own, ...childrenOf(value).flatMap((child) => descend(child, name))]
}

function take(value: unknown, step: Step): readonly unknown[] {
  if (step.kind === 'member')
    return typeof value === 'object' && value !== null && Object.hasOwn(value, step.name)
      ? [(value as Readonly<Record<string, unknown>>)[step.name]]
      : []
  if (step.kind === 'all') return childrenOf(value)
  if (step.kind === 'anywhere') return descend(value, step.name)
  if (!Array.isArray(value)) return []
  if (step.kind === 'index') {
    const item: unknown = value.at(step.index)
    return item === undefined ? [] : [item]
  }
  if (step.kind === 'slice') return value.slice(step.from, step.to)
  return value.filter((item: unknown) => matches(item, step))
}

function walk(values: readonly unknown[], steps: readonly Step[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((found, step) => found.flatMap((value) => take(value, step)), values)
}

/** Every value that the path finds, in order; null values count as found. */
export function findJsonPath(object: unknown, path: JsonPath): readonly unknown[] {
  return walk([object], path.steps)
}
