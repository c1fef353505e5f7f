/** Bodies of patches as trees, with what strict validation objects to in them, as upstream words it for each form (v1.36). */
import { messageOf } from '#base/errors/gantry-error.ts'
import { untypedStrictErrors } from '#spec/kubernetes/decode/decode-object.ts'
import { jsonWord, strictDecodingMessage } from '#spec/kubernetes/decode/decode-error.ts'
import { type JsonNotes, parseJson } from '#spec/kubernetes/decode/parse-json.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiRequest } from '../api-request.ts'
import { type Tree, yamlTree } from './decode-body.ts'
import { badRequest, invalid } from '../status-errors.ts'

export const jsonPatchType = 'application/json-patch+json'
const mergeType = 'application/merge-patch+json'
const strategicType = 'application/strategic-merge-patch+json'

/** All that upstream's library for merges has to say of a body. */
const unreadable = 'Invalid JSON Patch'
const goMap = 'value of type map[string]interface {}'

/** How the request wants members that are unknown or stand twice: `fieldValidation`. */
export function fieldValidationOf(request: Pick<ApiRequest, 'query'>): string {
  return request.query('fieldValidation') ?? 'Warn'
}

/** A JSON patch, merge patch or strategic merge patch. @throws 400 for a body that is not of that form. */
export function readPatch(request: ApiRequest, type: string): Tree {
  const { body } = request
  if (body === undefined) return { value: {}, strictErrors: [] }
  const isRelaxed = fieldValidationOf(request) === 'Ignore'
  // Of strategic merges upstream says no more than its reader does.
  const head = isRelaxed || type === strategicType ? '' : 'error decoding patch: '
  const { value, notes } =
    'bytes' in body
      ? parsed(body.bytes.toString(), (why) => (isRelaxed && type === mergeType ? unreadable : `${head}${why}`))
      : { value: body.value, notes: undefined }
  if (type === jsonPatchType) {
    const operations = value ?? []
    const why = operationsProblem(operations, isRelaxed)
    if (why !== undefined) throw badRequest(`${head}${why}`)
    return { value: operations, strictErrors: operationErrors(operations as readonly unknown[], notes) }
  }
  const why = mergeProblem(value, { type, isRelaxed, head })
  if (why !== undefined) throw badRequest(why)
  return { value: value ?? {}, strictErrors: untypedStrictErrors(value, notes) }
}

function parsed(text: string, worded: (why: string) => string): ReturnType<typeof parseJson> {
  try {
    return parseJson(text)
  } catch (error) {
    throw badRequest(worded(messageOf(error)))
  }
}

/** What makes a tree no patch to merge: null strategically is an empty one, and who is relaxed may merge a list. */
function mergeProblem(
  value: unknown,
  { type, isRelaxed, head }: { readonly type: string; readonly isRelaxed: boolean; readonly head: string },
): string | undefined {
  if (isJsonObject(value)) return undefined
  if (type === strategicType) return value === null ? undefined : `${head}${mismatch(value, goMap)}`
  if (value === null) return unreadable
  if (!isRelaxed) return `${head}${mismatch(value, goMap)}`
  return Array.isArray(value) ? undefined : unreadable
}

function mismatch(value: unknown, what: string): string {
  return `json: cannot unmarshal ${jsonWord(value)} into Go ${what}`
}

/** What makes a tree no list of operations. What relaxed reading lets through fails when it is applied. */
function operationsProblem(value: unknown, isRelaxed: boolean): string | undefined {
  const [list, item] = isRelaxed
    ? ['jsonpatch.Patch', 'jsonpatch.Operation']
    : ['[]handlers.jsonPatchOp', 'handlers.jsonPatchOp']
  if (!Array.isArray(value)) return mismatch(value, `value of type ${list}`)
  for (const operation of value as readonly unknown[]) {
    // A null fails like an operation that does nothing known, when it is applied.
    if (operation === null) continue
    if (!isJsonObject(operation)) return mismatch(operation, `value of type ${item}`)
    if (isRelaxed) continue
    const wrong = ['op', 'path', 'from'].find((name) => !isText(operation[name]))
    if (wrong !== undefined) return mismatch(operation[wrong], `struct field jsonPatchOp.${wrong} of type string`)
  }
  return undefined
}

function isText(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string'
}

const operationMembers: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value'])

function operationErrors(operations: readonly unknown[], notes: JsonNotes | undefined): readonly string[] {
  const repeated = untypedStrictErrors(operations, notes)
  return operations.flatMap((operation, index) => [
    ...repeated.filter((text) => text.startsWith(`duplicate field "[${index}]`)).map((text) => `json patch ${text}`),
    ...Object.keys(operation ?? {})
      .filter((name) => !operationMembers.has(name))
      .map((name) => `json patch unknown field "[${index}].${name}"`),
  ])
}

/** A configuration that is applied, in YAML or JSON; nothing is an empty one. Members that stand twice are refused or told, as the request asks. */
export function readConfiguration(request: ApiRequest): JsonObject {
  const value = configurationTree(request) ?? {}
  if (isJsonObject(value)) return value
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonWord(value)} into Go ${goMap}`,
  )
}

function configurationTree(request: ApiRequest): unknown {
  const { body } = request
  if (body === undefined) return undefined
  if (!('bytes' in body)) return body.value
  let tree: Tree
  try {
    tree = yamlTree(body.bytes.toString())
  } catch (error) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${messageOf(error)}`)
  }
  if (tree.strictErrors.length === 0) return tree.value
  const mode = fieldValidationOf(request)
  if (mode === 'Strict') {
    const texts = tree.strictErrors.map((error) => `error converting YAML to JSON: ${error}`)
    throw badRequest(`error strict decoding YAML: ${texts.join(', ')}`)
  }
  if (mode === 'Warn') request.warnings.push(...tree.strictErrors.flatMap(yamlLines))
  return tree.value
}

/** The lines of a YAML error that say where: what stands before them is no news to who is warned. */
function yamlLines(error: string): readonly string[] {
  const [head = '', ...lines] = error.split('\n').map((line) => line.trim())
  return lines.length === 0 ? [head] : lines
}

/**
 * Tells, or refuses, what is unknown or stands twice in a patch and in what came of it.
 * @param shown the patched object as the refusal prints it. @throws 422 where the request is strict.
 */
export function reportPatch(request: ApiRequest, strictErrors: readonly string[], shown: () => string): void {
  const mode = fieldValidationOf(request)
  if (strictErrors.length === 0 || mode === 'Ignore') return
  if (mode !== 'Strict') {
    request.warnings.push(...strictErrors)
    return
  }
  throw invalidPatchOf(shown(), strictDecodingMessage(strictErrors))
}

/** 422 for a patch after which the object cannot be read. */
export function invalidPatchOf(shown: string, why: string): Error {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`
  return invalid({ group: '', resource: '', name: '' }, [{ reason: 'FieldValueInvalid', message, field: 'patch' }])
}
