/** Label selectors: the text form (`a=b,c in (d,e),!f`), the object form, and matching (apimachinery labels). */
import { GantryError } from '#base/errors/gantry-error.ts'

export type SelectorOperator = 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

/** One condition; all of a selector's must hold. */
export interface Requirement {
  readonly key: string
  readonly operator: SelectorOperator
  readonly values: readonly string[]
}

/** The object form in Kubernetes resources. */
export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

type Labels = Readonly<Record<string, string>>

/** True when `labels` meet every requirement; no requirement matches everything. */
export function matchesSelector(requirements: readonly Requirement[], labels: Labels | undefined): boolean {
  for (const requirement of requirements) if (!matchesRequirement(requirement, labels)) return false
  return true
}

function matchesRequirement(requirement: Requirement, labels: Labels | undefined): boolean {
  const { key, values } = requirement
  const has = labels !== undefined && Object.hasOwn(labels, key)
  const value = valueOf(labels, key)
  switch (requirement.operator) {
    case 'in':
      return has && values.includes(value)
    case 'notin':
      return !has || !values.includes(value)
    case 'exists':
      return has
    case '!':
      return !has
    case 'gt':
      return has && isInteger(value) && toInteger(value) > toInteger(values[0] ?? '0')
    case 'lt':
      return has && isInteger(value) && toInteger(value) < toInteger(values[0] ?? '0')
  }
}

function valueOf(labels: Labels | undefined, key: string): string {
  return labels?.[key] ?? ''
}

function isInteger(text: string): boolean {
  return /^[+-]?\d{1,19}$/.test(text) && BigInt.asIntN(64, toInteger(text)) === toInteger(text)
}

function toInteger(text: string): bigint {
  return BigInt(text.replace('+', ''))
}

const objectOperators: Readonly<Record<string, SelectorOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/**
 * The requirements of an object selector. Undefined stands for none, which is the caller's to interpret (in most
 * places it selects nothing, while an empty object selects everything).
 * @throws GantryError DATA_SELECTOR_INVALID.
 */
export function selectorFromObject(selector: LabelSelectorObject): readonly Requirement[] {
  const requirements: Requirement[] = []
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push(checkedKey(checked({ key, operator: 'in', values: [value] })))
  }
  for (const expression of selector.matchExpressions ?? []) {
    const operator = objectOperators[expression.operator]
    if (operator === undefined) throw invalidSelector(`"${expression.operator}" is not a valid label selector operator`)
    requirements.push(checkedKey(checked({ key: expression.key, operator, values: expression.values ?? [] })))
  }
  return requirements
}

function checkedKey(requirement: Requirement): Requirement {
  const problem = labelKeyProblem(requirement.key)
  if (problem === undefined) return requirement
  throw invalidSelector(`key: Invalid value: ${JSON.stringify(requirement.key)}: ${problem}`)
}

/** A requirement with its values and their number checked. */
function checked(requirement: Requirement): Requirement {
  const { key, values } = requirement
  const count = valueCountProblem(requirement)
  if (count !== undefined) throw invalidSelector(count)
  for (const [index, value] of values.entries()) {
    const wrong = labelValueProblem(value)
    if (wrong !== undefined)
      throw invalidSelector(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong}`)
  }
  return requirement
}

function valueCountProblem({ operator, values }: Requirement): string | undefined {
  switch (operator) {
    case 'in':
    case 'notin':
      return values.length > 0
        ? undefined
        : "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"
    case 'exists':
    case '!':
      return values.length === 0
        ? undefined
        : 'values: Invalid value: values set must be empty for exists and does not exist'
    case 'gt':
    case 'lt':
      if (values.length !== 1) return "values: Invalid value: for 'Gt', 'Lt' operators, exactly one value is required"
      return isInteger(values[0] ?? '')
        ? undefined
        : `values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`
  }
}

function invalidSelector(message: string): GantryError {
  return new GantryError('DATA_SELECTOR_INVALID', 'invalid', message, {
    remedy: "Write a selector such as 'app=web,tier in (a,b),!old'.",
  })
}

const nameShape = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const prefixShape = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

const nameRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const prefixRule =
  "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

const keyRule =
  "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"

function prefixProblems(prefix: string): readonly string[] {
  if (prefix === '') return ['prefix part must be non-empty']
  const long = Buffer.byteLength(prefix) > 253 ? ['prefix part must be no more than 253 bytes'] : []
  return prefixShape.test(prefix) ? long : [...long, prefixRule]
}

function nameProblems(name: string): readonly string[] {
  const empty = name === '' ? ['name part must be non-empty'] : []
  const long = Buffer.byteLength(name) > 63 ? ['name part must be no more than 63 bytes'] : []
  return [...empty, ...long, ...(nameShape.test(name) ? [] : [nameRule])]
}

/** What is wrong with a label key (a qualified name), all of it, or undefined. */
export function labelKeyProblem(key: string): string | undefined {
  const [first = '', second, ...rest] = key.split('/')
  if (rest.length > 0) return keyRule
  const problems = second === undefined ? nameProblems(first) : [...prefixProblems(first), ...nameProblems(second)]
  return problems.length === 0 ? undefined : problems.join('; ')
}

/** What is wrong with a label value, all of it, or undefined. */
export function labelValueProblem(value: string): string | undefined {
  const long = Buffer.byteLength(value) > 63 ? ['must be no more than 63 bytes'] : []
  const problems = value === '' || nameShape.test(value) ? long : [...long, valueRule]
  return problems.length === 0 ? undefined : problems.join('; ')
}

/** The text form, in the given order; parsing it gives the requirements again. */
export function formatSelector(requirements: readonly Requirement[]): string {
  return requirements.map((requirement) => formatRequirement(requirement)).join(',')
}

function formatRequirement({ key, operator, values }: Requirement): string {
  if (operator === 'exists') return key
  if (operator === '!') return `!${key}`
  if (operator === 'gt') return `${key}>${values[0]}`
  if (operator === 'lt') return `${key}<${values[0]}`
  if (operator === 'in' && values.length === 1) return `${key}=${values[0]}`
  return `${key} ${operator} (${values.toSorted().join(',')})`
}

/**
 * Parses the text form: `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a)`, `k`, `!k`, `k>1`, `k<1`, joined by commas.
 * @throws GantryError DATA_SELECTOR_INVALID, worded as Kubernetes does.
 */
export function parseSelector(text: string): readonly Requirement[] {
  const tokens = tokenize(text)
  const requirements: Requirement[] = []
  let at = 0
  const peek = (): string => tokens[at] ?? ''
  const next = (): string => tokens[at++] ?? ''
  if (tokens.length === 0) return requirements
  for (;;) {
    if (isMark(peek()) && peek() !== '!') throw unexpected(peek(), "!, identifier, or 'end of string'")
    requirements.push(readRequirement({ peek, next }))
    const separator = next()
    if (separator === '') return requirements
    if (separator !== ',') throw unexpected(separator, "',' or 'end of string'")
    if (peek() === '' || (isMark(peek()) && peek() !== '!')) throw unexpected(peek(), "identifier after ','")
  }
}

function readRequirement(tokens: TokenReader): Requirement {
  try {
    return checked(parseRequirement(tokens))
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    throw invalidSelector(`unable to parse requirement: ${error.message}`)
  }
}

interface TokenReader {
  peek(): string
  next(): string
}

const symbols = new Set(['=', '==', '!=', '!', '>', '<', '(', ')', ','])

function isMark(token: string): boolean {
  return symbols.has(token)
}

function parseRequirement(tokens: TokenReader): Requirement {
  if (tokens.peek() === '!') {
    tokens.next()
    return { key: labelKey(tokens), operator: '!', values: [] }
  }
  const key = labelKey(tokens)
  const following = tokens.peek()
  if (following === '' || following === ',') return { key, operator: 'exists', values: [] }
  const operator = tokens.next()
  switch (operator) {
    case '=':
    case '==':
      return { key, operator: 'in', values: [exactValue(tokens)] }
    case '!=':
      return { key, operator: 'notin', values: [exactValue(tokens)] }
    case '>':
      return { key, operator: 'gt', values: [exactValue(tokens)] }
    case '<':
      return { key, operator: 'lt', values: [exactValue(tokens)] }
    case 'in':
    case 'notin':
      return { key, operator, values: valueList(tokens) }
    default:
      throw unexpected(operator, 'in, notin, =, ==, !=, gt, lt')
  }
}

function labelKey(tokens: TokenReader): string {
  const token = tokens.next()
  if (token === '' || isMark(token)) throw unexpected(token, 'identifier')
  const problem = labelKeyProblem(token)
  if (problem === undefined) return token
  throw invalidSelector(`<nil>: Invalid value: ${JSON.stringify(token)}: ${problem}`)
}

/** A value may be empty: `a=` and `a=,b`. */
function exactValue(tokens: TokenReader): string {
  const token = tokens.peek()
  if (token === '' || token === ',') return ''
  if (isMark(token)) throw unexpected(token, 'identifier')
  return tokens.next()
}

function valueList(tokens: TokenReader): string[] {
  const open = tokens.next()
  if (open !== '(') throw invalidSelector(`found '${open}' expected: '('`)
  const first = tokens.peek()
  if (first === ')') {
    tokens.next()
    return ['']
  }
  if (first === '' || (isMark(first) && first !== ',')) throw unexpected(first, "',', ')' or identifier")
  return listed(tokens)
}

/** What stands between the parentheses: an empty value before, between or after commas counts as one. */
function listed(tokens: TokenReader): string[] {
  const values = new Set<string>()
  for (;;) {
    const token = tokens.peek()
    if (token === ')' || token === ',') values.add('')
    else if (token === '' || isMark(token)) throw unexpected(token, "',', or identifier")
    else values.add(tokens.next())
    const after = tokens.next()
    if (after === ')') return [...values].toSorted()
    if (after !== ',') throw unexpected(after, "',' or ')'")
  }
}

function unexpected(token: string, wanted: string): GantryError {
  return invalidSelector(`found '${token}', expected: ${wanted}`)
}

function tokenize(text: string): string[] {
  return text.slice(0, 65_536).match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? []
}
