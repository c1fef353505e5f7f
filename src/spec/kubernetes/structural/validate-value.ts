/**
 * Values against schemas, with the checks, the order and the words of kube-openapi's validator (v1.36). What did not
 * change since the stored object is not held against the writer (ratcheting).
 */
import { isJsonObject, type JsonObject } from '../objects/objects.ts'
import {
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../validation/field-errors.ts'
import type { Path } from '../validation/field-path.ts'
import type { Correlation } from './correlation.ts'
import { keyText } from './key-text.ts'
import { nilPath } from './nil-path.ts'
import { numberProblems, stringProblems, typeProblem } from './scalar-checks.ts'
import type { SchemaNode } from './schema-node.ts'
import { type Problem, Verdict } from './verdict.ts'

/** How deep values are looked at: deeper ones are refused where they are read. */
const depthMax = 2_100

/** What is wrong with a value; `at` is its path, empty for the whole object. `correlation` is there on updates. */
export function validateValue(
  at: Path,
  value: unknown,
  of: { readonly node: SchemaNode; readonly correlation?: Correlation | undefined },
): FieldError[] {
  const { problems } = check(value, { node: of.node, path: '', correlation: of.correlation, depth: 0 })
  return problems.map((problem) => asFieldError(at, problem))
}

interface Place {
  readonly node: SchemaNode
  /** As messages name it: `spec.list[0]`. */
  readonly path: string
  readonly correlation: Correlation | undefined
  readonly depth: number
}

function check(value: unknown, place: Place): Verdict {
  const verdict = checkAnew(value, place)
  return verdict.isValid || place.correlation?.isEqual !== true ? verdict : verdict.forgiven()
}

function checkAnew(value: unknown, place: Place): Verdict {
  const { node, path, depth } = place
  const out = new Verdict()
  if (depth > depthMax) return out
  if (value === null) {
    const isFree = node.nullable || (node.type === '' && !node.intOrString)
    if (!isFree) out.add(typeProblem(node, path, null))
    return out.merge(enumCheck(value, place))
  }
  checkType(value, place, out)
  out.merge(junctors(value, place)).count()
  if (typeof value === 'string') out.addAll(stringProblems(node, path, value)).count()
  if (typeof value === 'number') out.addAll(numberProblems(node, path, value)).count(2)
  if (Array.isArray(value)) out.merge(items(value, place)).count(2)
  out.merge(enumCheck(value, place)).count()
  if (isJsonObject(value)) out.merge(members(value, place)).count()
  return out.count()
}

function checkType(value: unknown, { node, path }: Place, out: Verdict): void {
  if (node.type === '' && !node.intOrString && node.props.format === undefined) return
  const problem = typeProblem(node, path, value)
  if (problem === undefined) out.count(2)
  else out.add(problem).count()
}

function enumCheck(value: unknown, { node, path }: Place): Verdict {
  const allowed = node.props.enum
  const out = new Verdict()
  if (allowed === undefined || allowed.length === 0) return out
  const text = keyText(value)
  if (allowed.some((one) => one !== null && keyText(one) === text)) return out
  return out.add({ kind: 'enum', path, value, allowed, message: `${path} in body should be one of` })
}

function items(list: readonly unknown[], { node, path, correlation, depth }: Place): Verdict {
  const out = new Verdict()
  const { minItems, maxItems, uniqueItems } = node.props
  if (node.items !== undefined) {
    for (const [index, item] of list.entries()) {
      const inner = { node: node.items, path: `${path}[${index}]`, correlation: correlation?.item(index) }
      out.merge(check(item, { ...inner, depth: depth + 1 }))
    }
  }
  const count = list.length
  if (minItems !== undefined && count < minItems)
    out.add({ kind: 'other', path, value: count, message: `${path} in body should have at least ${minItems} items` })
  if (maxItems !== undefined && count > maxItems)
    out.add({
      kind: 'many',
      path,
      value: count,
      max: maxItems,
      message: `${path} in body should have at most ${maxItems} items`,
    })
  if (uniqueItems === true && new Set(list.map(keyText)).size < count)
    out.add({ kind: 'other', path, value: undefined, message: `${path} in body shouldn't contain duplicates` })
  return out
}

function members(object: JsonObject, place: Place): Verdict {
  const { node, path } = place
  const out = new Verdict()
  const { minProperties, maxProperties } = node.props
  const count = Object.keys(object).length
  if (minProperties !== undefined && count < minProperties)
    out.add({
      kind: 'other',
      path,
      value: count,
      message: `${path} in body should have at least ${minProperties} properties`,
    })
  if (maxProperties !== undefined && count > maxProperties)
    out.add({
      kind: 'many',
      path,
      value: count,
      max: maxProperties,
      message: `${path} in body should have at most ${maxProperties} properties`,
    })
  otherMembers(object, place, out)
  for (const [name, property] of node.properties)
    if (Object.hasOwn(object, name))
      out.merge(member(object, name, { place, node: property, path: path === '' ? name : `${path}.${name}` }))
  for (const name of node.props.required ?? [])
    if (!Object.hasOwn(object, name))
      out.add({
        kind: 'required',
        path: `${path}.${name}`,
        value: undefined,
        message: `${path}.${name} in body is required`,
      })
  return out
}

function otherMembers(object: JsonObject, place: Place, out: Verdict): void {
  const { node, path } = place
  const { others, properties } = node
  if (others === undefined || (others.allowed && others.schema === undefined)) return
  for (const name of Object.keys(object)) {
    if (properties.has(name)) continue
    if (others.schema !== undefined)
      out.merge(member(object, name, { place, node: others.schema, path: `${path}.${name}` }))
    else out.add({ kind: 'other', path, value: name, message: `${path}.${name} in body is a forbidden property` })
  }
}

function member(
  object: JsonObject,
  name: string,
  { place, node, path }: { readonly place: Place; readonly node: SchemaNode; readonly path: string },
): Verdict {
  // Changes of kind and version cannot be seen: both sides were converted to the same.
  const isType = place.path === '' && (name === 'kind' || name === 'apiVersion')
  const correlation = isType ? undefined : place.correlation?.member(name)
  return check(object[name], { node, path, correlation, depth: place.depth + 1 })
}

function junctors(value: unknown, place: Place): Verdict {
  const { node, path } = place
  const out = new Verdict()
  const inner = (schema: SchemaNode): Verdict => checkAnew(value, { ...place, node: schema, depth: place.depth + 1 })
  if (node.anyOf.length > 0) anyOf(node.anyOf, path, { inner, out })
  if (node.oneOf.length > 0) oneOf(node.oneOf, path, { inner, out })
  if (node.allOf.length > 0) allOf(node.allOf, path, { inner, out })
  if (node.not !== undefined && inner(node.not).isValid)
    out.add(composite(`${JSON.stringify(path)} must not validate the schema (not)`))
  return out.count()
}

interface Trial {
  readonly inner: (schema: SchemaNode) => Verdict
  readonly out: Verdict
}

function composite(message: string): Problem {
  return { kind: 'composite', path: '', value: '', message }
}

/** Of several failures those of the schema that fits best are told. */
function better(best: Verdict | undefined, next: Verdict): Verdict {
  return best === undefined || next.matches > best.matches ? next : best
}

function anyOf(schemas: readonly SchemaNode[], path: string, { inner, out }: Trial): void {
  let best: Verdict | undefined
  for (const schema of schemas) {
    const verdict = inner(schema)
    if (verdict.isValid) {
      out.merge(verdict)
      return
    }
    best = better(best, verdict)
  }
  out.add(composite(`${JSON.stringify(path)} must validate at least one schema (anyOf)`))
  if (best !== undefined) out.merge(best)
}

function oneOf(schemas: readonly SchemaNode[], path: string, { inner, out }: Trial): void {
  let best: Verdict | undefined
  let first: Verdict | undefined
  let valid = 0
  for (const schema of schemas) {
    const verdict = inner(schema)
    if (verdict.isValid) {
      valid++
      best = undefined
      first ??= verdict
    } else if (valid === 0) best = better(best, verdict)
  }
  if (valid === 1 && first !== undefined) {
    out.merge(first)
    return
  }
  const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
  out.add(composite(`${JSON.stringify(path)} must validate one and only one schema (oneOf). ${found}`))
  if (best !== undefined) out.merge(best)
}

function allOf(schemas: readonly SchemaNode[], path: string, { inner, out }: Trial): void {
  let valid = 0
  for (const schema of schemas) {
    const verdict = inner(schema)
    if (verdict.isValid) valid++
    out.merge(verdict)
  }
  if (valid === schemas.length) return
  out.add(
    composite(`${JSON.stringify(path)} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`),
  )
}

/** How each kind of problem is told. */
const asError: Readonly<Record<Problem['kind'], (at: Path, problem: Problem) => FieldError>> = {
  required: (at) => required(at),
  enum: (at, { value, allowed = [] }) =>
    notSupported(
      at,
      value,
      allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
    ),
  long: (at, { max = 0 }) => tooLong(at, max),
  many: (at, { value, max = 0 }) => tooMany(at, Number(value), max),
  type: (at, { value, message }) => typeInvalid(at, value ?? '', message),
  other: (at, { value, message }) => invalid(at, value ?? '', message),
  composite: (at, { message }) => invalid(at, '', message),
}

function asFieldError(base: Path, problem: Problem): FieldError {
  const name = problem.path.replace(/^\./, '')
  const isWhole = problem.kind === 'composite' || name === ''
  return asError[problem.kind](nilPath(isWhole ? base : base.child(name)), problem)
}
