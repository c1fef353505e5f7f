/**
 * JSON Patch (RFC 6902) with JSON Pointer (RFC 6901), as lenient as the library that Kubernetes applies patches with: a member
 * that an object lacks may be replaced, counts as null where it is copied, and indices may count from a list's end. Values are
 * never changed in place, but those that the patch itself has made: many operations on one large object copy it once.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals, setOwn } from './json-value.ts'

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string }

/** Operations of one patch; Kubernetes has the same bound. */
const operationsMost = 10_000

/** How deep a document may get by copying into itself. */
const depthMax = 1000

/** What copies may add to a document, as in Kubernetes: no more than a request may hold. */
const copiedBytesMax = 3 * 1024 * 1024

/**
 * Checks that a parsed document is a patch.
 * @throws GantryError DATA_PATCH_INVALID, DATA_PATCH_TOO_LONG.
 */
export function parseJsonPatch(
  document: JsonValue,
  { operationsMax = operationsMost }: { readonly operationsMax?: number } = {},
): readonly JsonPatchOperation[] {
  if (!Array.isArray(document)) throw invalidPatch('a JSON patch must be an array of operations')
  if (document.length > operationsMax)
    throw tooLong(`The allowed maximum operations in a JSON patch is ${operationsMax}, got ${document.length}`)
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
  const draft = new Draft()
  let current = document
  for (const operation of operations) current = applyOperation(draft, current, operation)
  return current
}

/** What one application of a patch has made by itself, and may change. */
class Draft {
  readonly #own = new WeakSet<object>()
  #copiedBytes = 0

  /** The list itself where it is the patch's own, or a copy that is. */
  list(list: readonly JsonValue[]): JsonValue[] {
    return this.#owned(list, () => [...list]) as JsonValue[]
  }

  /** Likewise an object. */
  object(object: JsonObject): JsonObject {
    return this.#owned(object, () => ({ ...object }))
  }

  /** A value that shares nothing with the one it was copied from. @throws DATA_PATCH_INVALID when copies become too much. */
  copyOf(value: JsonValue): JsonValue {
    if (Array.isArray(value)) {
      this.#count(2 + value.length)
      return value.map((item) => this.copyOf(item))
    }
    if (!isJsonObject(value)) {
      this.#count(typeof value === 'string' ? value.length + 2 : 4)
      return value
    }
    const copy: JsonObject = {}
    for (const [key, member] of Object.entries(value)) {
      this.#count(key.length + 4)
      setOwn(copy, key, this.copyOf(member))
    }
    return copy
  }

  #count(sizeBytes: number): void {
    this.#copiedBytes += sizeBytes
    if (this.#copiedBytes <= copiedBytesMax) return
    throw invalidPatch(
      `Unable to complete the copy, the accumulated size increase of copy is ${this.#copiedBytes}, exceeding the limit ${copiedBytesMax}`,
    )
  }

  #owned<T extends object>(value: T, copy: () => T): T {
    if (this.#own.has(value)) return value
    const made = copy()
    this.#own.add(made)
    return made
  }
}

function applyOperation(draft: Draft, document: JsonValue, operation: JsonPatchOperation): JsonValue {
  const path = parsePointer(operation.path)
  switch (operation.op) {
    case 'add':
      return insert(draft, { document, path }, operation.value)
    case 'remove':
      return remove(draft, { document, path })
    case 'replace':
      lookUp(document, path)
      return replace(draft, { document, path }, operation.value)
    case 'test':
      return assertEquals(document, path, operation)
    case 'copy':
      return insert(draft, { document, path }, draft.copyOf(lookUp(document, parsePointer(operation.from)) ?? null))
    case 'move': {
      const from = parsePointer(operation.from)
      if (operation.path.startsWith(`${operation.from}/`))
        throw invalidPatch(`cannot move ${operation.from} into itself`)
      const value = lookUp(document, from) ?? null
      return insert(draft, { document: remove(draft, { document, path: from }), path }, value)
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

function tooLong(message: string): GantryError {
  return new GantryError('DATA_PATCH_TOO_LONG', 'too-large', message, { remedy: 'Send several shorter patches.' })
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

/** A place in a document. */
interface Place {
  readonly document: JsonValue
  readonly path: readonly string[]
}

type Edit = (parent: JsonValue, token: string) => JsonValue

/** The document with the parent of a place edited, everything on the way the draft's own. */
function editAt(draft: Draft, { document, path }: Place, edit: Edit): JsonValue {
  const [token, ...rest] = path
  if (token === undefined) throw missing(path)
  if (rest.length === 0) return edit(document, token)
  const next = child(document, token)
  if (next === undefined) throw missing(path)
  return withChild(draft, { document, path: [token] }, editAt(draft, { document: next, path: rest }, edit))
}

/** The document with its member at a path of one token set. */
function withChild(draft: Draft, { document, path: [token = ''] }: Place, value: JsonValue): JsonValue {
  if (Array.isArray(document)) {
    const list = draft.list(document)
    const index = indexOf(token, list.length)
    if (index < 0 || index >= list.length) throw missing([token])
    list[index] = value
    return list
  }
  const object = draft.object(document as JsonObject)
  setOwn(object, token, value)
  return object
}

function insert(draft: Draft, place: Place, value: JsonValue): JsonValue {
  const { path } = place
  if (path.length === 0) return value
  return editAt(draft, place, (parent, token) => {
    if (isJsonObject(parent)) return withChild(draft, { document: parent, path: [token] }, value)
    if (!Array.isArray(parent)) throw missing(path)
    const index = token === '-' ? parent.length : indexOf(token, parent.length + 1)
    if (index < 0 || index > parent.length) throw missing(path)
    const list = draft.list(parent)
    list.splice(index, 0, value)
    return list
  })
}

function replace(draft: Draft, place: Place, value: JsonValue): JsonValue {
  if (place.path.length === 0) return value
  return editAt(draft, place, (document, token) => withChild(draft, { document, path: [token] }, value))
}

function remove(draft: Draft, place: Place): JsonValue {
  const { path } = place
  if (path.length === 0) throw invalidPatch('the whole document cannot be removed')
  return editAt(draft, place, (parent, token) => {
    if (child(parent, token) === undefined) throw missing(path)
    if (Array.isArray(parent)) {
      const list = draft.list(parent)
      list.splice(indexOf(token, list.length), 1)
      return list
    }
    const object = draft.object(parent as JsonObject)
    Reflect.deleteProperty(object, token)
    return object
  })
}
