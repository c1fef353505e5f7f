/** An applied configuration must fit its type: unknown members, wrong shapes and repeated list items are refused. */
import { kindOf, type MergeType, memberType } from './merge-type.ts'
import { elementOfItem, printElement } from './path-element.ts'
import { goSyntax, goText } from '../patch/go-text.ts'

/** Problems in upstream's words, each with its path (`.spec.foo: field not declared in schema`). */
export function appliedProblems(value: unknown, type: MergeType): readonly string[] {
  const problems: string[] = []
  check({ value, type, path: '' }, problems)
  return problems
}

/** Problems as one text: a line each when there are several. */
export function problemsText(problems: readonly string[]): string {
  const [first = ''] = problems
  return problems.length === 1 ? first : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`
}

interface Place {
  readonly value: unknown
  readonly type: MergeType
  readonly path: string
}

function check({ value, type, path }: Place, problems: string[]): void {
  if (value === null || value === undefined || (type.kind === 'deduced' && type.atomic)) return
  const kind = kindOf(type, value)
  const problem = shapeProblem(value, kind, type)
  if (problem !== undefined) problems.push(path === '' ? problem : `${path}: ${problem}`)
  else if (kind === 'list') checkItems({ value, type, path }, problems)
  else if (kind === 'map') checkMembers({ value, type, path }, problems)
}

/** What is wrong with the JSON type of a value. */
function shapeProblem(value: {}, kind: 'scalar' | 'list' | 'map', type: MergeType): string | undefined {
  const isList = Array.isArray(value)
  if (kind === 'list') return isList ? undefined : `expected list, got &{${goText(value)}}`
  if (kind === 'map') return typeof value === 'object' && !isList ? undefined : `expected map, got &{${goText(value)}}`
  if (type.scalar === undefined)
    return typeof value === 'object' ? `expected any scalar, got &{${goText(value)}}` : undefined
  return typeof value === type.scalar ? undefined : scalarProblem(type.scalar, value)
}

function scalarProblem(wanted: 'string' | 'number' | 'boolean', value: {}): string {
  if (wanted === 'string') return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`
  return wanted === 'number'
    ? `expected numeric (int or float), got ${goType(value)}`
    : `expected boolean, got &{${goText(value)}}`
}

function goType(value: {}): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

function checkMembers({ value, type, path }: Place, problems: string[]): void {
  for (const [key, member] of Object.entries(value as object)) {
    const at = `${path}.${key}`
    const closed = type.kind === 'map' && type.element === undefined && type.field(key) === undefined
    if (closed) problems.push(`${at}: field not declared in schema`)
    else check({ value: member, type: memberType(type, key), path: at }, problems)
  }
}

function checkItems({ value, type, path }: Place, problems: string[]): void {
  const seen = new Set<string>()
  const element = type.element ?? type
  for (const [i, item] of (value as readonly unknown[]).entries()) {
    const named = type.kind === 'list' && !type.atomic
    const name = named ? elementOfItem(item, type) : { element: `i:${i}` }
    if ('problem' in name) {
      problems.push(`${path}: element ${i}: ${name.problem}`)
      return
    }
    const printed = printElement(name.element)
    if (seen.has(name.element)) problems.push(`${path}: duplicate entries for key ${printed}`)
    seen.add(name.element)
    check({ value: item, type: type.kind === 'deduced' ? type : element, path: path + printed }, problems)
  }
}
