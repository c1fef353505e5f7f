/**
 * JSON Patch (RFC 6902) with JSON Pointer (RFC 6901), as lenient as the library that Kubernetes applies patches with: a member
 * that an object lacks may be replaced, counts as null where it is copied, and indices may count from a list's end. Values are
 * never changed in place.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals, setOwn } from './json-value.ts'

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string }

/** Operations of one patch; Kubernetes has the same bound. */
const operationsMax = 10_000

/** How deep a document may get by copying into itself. */
const depthMax = 1000

/**
 * Checks that a parsed document is a patch.
 * @throws GantryError DATA_PATCH_INVALID.
 */
export function parseJsonPatch(document: JsonValue): readonly JsonPatchOperation[] {
  if (!Array.isArray(document)) throw invalidPatch('a JSON patch must be an array of operations')
  if (document.length > operationsMax)
    throw invalidPatch(`The allowed maximum operations in a JSON patch is ${operationsMax}, got ${document.length}`)
  return document.map((entry, index) => parseOperation(entry, index))
}

function parseOperation(entry: JsonValue, index: number): JsonPatchOperation {
  const fail = (what: string): never => {
    throw invalidPatch(`operation ${index}: ${what}`)
  }
  if (!isJsonObject(entry)) return fail('not an object')
  const { op, path, from } = entry
  if (typeof path !== 'string') return fail('missing path')
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      return { op, path, value: entry['value'] ?? null }
    case 'remove':
      return { op, path }
    case 'move':
    case 'copy':
      if (typeof from !== 'string') return fail('missing from')
      return { op, path, from }
    default:
      return fail(`unexpected kind ${JSON.stringify(op ?? null)}`)
  }
}

/**
 * The document after all operations, or none of them.
 * @throws GantryError DATA_PATCH_TEST_FAILED for a failed `test`, DATA_PATCH_INVALID for a path that does not fit.
 */
export function applyJsonPatch(document: JsonValue, operations: readonly JsonPatchOperation[]): JsonValue {
  let current = document
  for (const operation of operations) current = applyOperation(current, operation)
  return current
}

function applyOperation(document: JsonValue, operation: JsonPatchOperation): JsonValue {
  const path = parsePointer(operation.path)
  switch (operation.op) {
    case 'add':
      return insert(document, path, operation.value)
    case 'remove':
      return remove(document, path)
    case 'replace':
      lookUp(document, path)
      return replace(document, path, operation.value)
    case 'test':
      return assertEquals(document, path, operation)
    case 'copy':
      return insert(document, path, lookUp(document, parsePointer(operation.from)) ?? null)
    case 'move': {
      const from = parsePointer(operation.from)
      if (operation.path.startsWith(`${operation.from}/`))
        throw invalidPatch(`cannot move ${operation.from} into itself`)
      const value = lookUp(document, from) ?? null
      return insert(remove(document, from), path, value)
    }
  }
}

function assertEquals(
  document: JsonValue,
  path: readonly string[],
  operation: { readonly path: string; readonly value: JsonValue },
): JsonValue {
  if (!jsonEquals(lookUp(document, path) ?? null, operation.value)) {
    throw new GantryError('DATA_PATCH_TEST_FAILED', 'unprocessable', `testing value ${operation.path} failed`, {
      remedy: 'Read the object again and make the patch anew.',
    })
  }
  return document
}

function invalidPatch(message: string): GantryError {
  return new GantryError('DATA_PATCH_INVALID', 'invalid', message, { remedy: 'Correct the patch (RFC 6902).' })
}

/** The unescaped tokens of a JSON Pointer. */
export function parsePointer(pointer: string): readonly string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw invalidPatch(`path ${JSON.stringify(pointer)} does not start with a slash`)
  const tokens = pointer.slice(1).split('/')
  if (tokens.length > depthMax) throw invalidPatch(`path is deeper than ${depthMax}`)
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function missing(path: readonly string[]): GantryError {
  return invalidPatch(`the path /${path.join('/')} does not exist in the document`)
}

/** What is at a path, if its parent is there: a list must have the index, an object need not have the member. */
function lookUp(document: JsonValue, path: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = document
  for (const [depth, token] of path.entries()) {
    const parent: JsonValue | undefined = current
    current = child(parent, token)
    if (current === undefined && !(depth === path.length - 1 && isJsonObject(parent))) throw missing(path)
  }
  return current
}

function child(value: JsonValue | undefined, token: string): JsonValue | undefined {
  if (Array.isArray(value)) return value[indexOf(token, value.length)]
  return isJsonObject(value) && Object.hasOwn(value, token) ? value[token] : undefined
}

/** The index that a token names in a list of `length`, counted from the end below zero; out of the list where it names none. */
function indexOf(token: string, length: number): number {
  if (!/^[+-]?\d+$/.test(token)) return -1
  const index = Number(token)
  return index < 0 ? index + length : index
}

type Edit = (parent: JsonValue, token: string) => JsonValue

/** The document with the parent of `path` edited, everything on the way copied. */
function editAt(document: JsonValue, path: readonly string[], edit: Edit): JsonValue {
  const [token, ...rest] = path
  if (token === undefined) throw missing(path)
  if (rest.length === 0) return edit(document, token)
  const next = child(document, token)
  if (next === undefined) throw missing(path)
  return withChild(document, token, editAt(next, rest, edit))
}

function withChild(parent: JsonValue, token: string, value: JsonValue): JsonValue {
  if (Array.isArray(parent)) return parent.with(indexOf(token, parent.length), value)
  const copy: JsonObject = { ...(parent as JsonObject) }
  setOwn(copy, token, value)
  return copy
}

function insert(document: JsonValue, path: readonly string[], value: JsonValue): JsonValue {
  if (path.length === 0) return value
  return editAt(document, path, (parent, token) => {
    if (isJsonObject(parent)) return withChild(parent, token, value)
    if (!Array.isArray(parent)) throw missing(path)
    const index = token === '-' ? parent.length : indexOf(token, parent.length + 1)
    if (index < 0 || index > parent.length) throw missing(path)
    return parent.toSpliced(index, 0, value)
  })
}

function replace(document: JsonValue, path: readonly string[], value: JsonValue): JsonValue {
  return path.length === 0 ? value : editAt(document, path, (parent, token) => withChild(parent, token, value))
}

function remove(document: JsonValue, path: readonly string[]): JsonValue {
  if (path.length === 0) throw invalidPatch('the whole document cannot be removed')
  return editAt(document, path, (parent, token) => {
    if (child(parent, token) === undefined) throw missing(path)
    if (Array.isArray(parent)) return parent.toSpliced(indexOf(token, parent.length), 1)
    const copy = { ...(parent as JsonObject) }
    Reflect.deleteProperty(copy, token)
    return copy
  })
}
