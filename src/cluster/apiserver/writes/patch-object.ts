/** PATCH in its four forms: each turns the object that is there into the wanted one, which then takes the write pipeline. */
import { applyJsonPatch, type JsonPatchOperation, parseJsonPatch } from '#base/data/json-patch.ts'
import type { JsonValue } from '#base/data/json-value.ts'
import { applyMergePatch } from '#base/data/merge-patch.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { goText } from '#spec/kubernetes/patch/go-text.ts'
import { strategicMergePatch } from '#spec/kubernetes/patch/strategic-merge.ts'
import { type ApiObject, withMetadata } from '../api-object.ts'
import { type ApiAnswer, type ApiRequest, booleanQuery } from '../api-request.ts'
import { inMetadataOrder } from '../cache/object-bytes.ts'
import { recanonical, report, type Tree, typelessProblem } from '../wire/decode-body.ts'
import { invalidPatchOf, jsonPatchType, readConfiguration, readPatch, reportPatch } from '../wire/patch-body.ts'
import { mayCreate } from './may-create.ts'
import { subjectOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { withPatchedType } from './patched-type.ts'
import { checkPlace } from './settle-change.ts'
import {
  badRequest,
  conflict,
  invalid,
  rejectedPatch,
  tooLarge,
  unexplained,
  unsupportedMediaType,
} from '../status-errors.ts'
import { applyConfiguration } from './track-fields.ts'
import { changeObject, createObject, withDefaults } from './write-object.ts'

export const patchMediaTypes: readonly string[] = [
  jsonPatchType,
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]
const applyType = 'application/apply-patch+yaml'
const strategicType = 'application/strategic-merge-patch+json'

/** Answers a PATCH. @throws 400, 404, 409, 415, 422. */
export function patchObject(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const type = request.body?.mediaType ?? ''
  const isCustom = request.resource.type === undefined
  const accepted = isCustom ? patchMediaTypes.filter((one) => one !== strategicType) : patchMediaTypes
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted)
  checkOptions(request, type)
  return type === applyType ? apply(parts, request) : patch(parts, request, type)
}

function checkOptions(request: ApiRequest, type: string): void {
  const subject = { group: 'meta.k8s.io', resource: 'PatchOptions', name: '' }
  if (type === applyType && (request.query('fieldManager') ?? '') === '') {
    throw invalid(subject, [
      { reason: 'FieldValueRequired', message: 'Required value: is required for apply patch', field: 'fieldManager' },
    ])
  }
  if (type !== applyType && booleanQuery(request, 'force') === true) {
    throw invalid(subject, [
      { reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified for non-apply patch', field: 'force' },
    ])
  }
}

function patch(parts: ServerParts, request: ApiRequest, type: string): Promise<ApiAnswer> {
  const read = readPatch(request, type)
  return changeObject(parts, request, {
    repeats: true,
    next: (live) => withDefaults(parts, request.resource, patchedObject(request, live, { type, read })),
  })
}

/** The object after a patch, canonical; what the patch has that nobody knows is told. */
function patchedObject(
  request: ApiRequest,
  live: ApiObject,
  { type, read }: { readonly type: string; readonly read: Tree },
): ApiObject {
  const { value: body, strictErrors: told } = read
  const tree = patched(live, body, { type, request })
  const { object, strictErrors } = canonical(request, tree, { body, live })
  reportPatch(request, [...told, ...strictErrors], () => shownPatch(type, body, { tree, live }))
  return object
}

/** The stored object where it is served as it is stored: canonical, so that what a patch leaves of it need not be read again. */
function canonicalPart({ resource }: ApiRequest, live: ApiObject | undefined): ApiObject | undefined {
  return resource.conversion === undefined ? live : undefined
}

/** A patched tree that does not fit its type is the patch's fault. */
function canonical(
  request: ApiRequest,
  tree: JsonObject,
  { body, live }: { readonly body: unknown; readonly live: ApiObject },
): ReturnType<typeof recanonical> {
  const isStrategic = request.body?.mediaType === strategicType
  try {
    const typed = withPatchedType(tree, request.resource, isStrategic)
    const { object, strictErrors } = recanonical(typed.tree, request.resource, {
      known: canonicalPart(request, live),
      wording: isStrategic ? 'tree' : 'json',
    })
    return { object, strictErrors: [...typed.strictErrors, ...strictErrors] }
  } catch (error) {
    if (!(error instanceof GantryError) || error.code === 'KUBERNETES_STATUS') throw error
    throw invalidPatchOf(shownPatch(request.body?.mediaType ?? '', body, { tree, live }), error.message)
  }
}

/** What a refusal shows: the patched object, and of strategic merges the patch. */
function shownPatch(
  type: string,
  body: unknown,
  { tree, live }: { readonly tree: JsonObject; readonly live: ApiObject },
): string {
  return type === strategicType ? goText(body) : goJson(asGoWrites(tree, live))
}

/** JSON as Go writes it: characters that mean something in HTML escaped. */
function goJson(value: unknown): string {
  const escape = (character: string): string => `\\u00${character.charCodeAt(0).toString(16)}`
  return JSON.stringify(value).replace(/[<>&]/g, escape)
}

/** What Go has taken apart it writes by name; what a patch left alone stays as it is served. */
function asGoWrites(tree: JsonObject, live: ApiObject): unknown {
  const shown = inGoOrder(tree, live)
  const isLeftAlone = tree['metadata'] === live.metadata && isJsonObject(shown)
  return isLeftAlone ? { ...shown, metadata: inMetadataOrder(live.metadata) } : shown
}

function inGoOrder(value: unknown, before: unknown): unknown {
  if (value === before || !isJsonObject(value)) return value
  const known = isJsonObject(before) ? before : {}
  const names = Object.keys(value).toSorted()
  return Object.fromEntries(names.map((name) => [name, inGoOrder(value[name], known[name])]))
}

/** The object after the request's patch, canonical and in its place; for subresources that patch a view of the object. @throws 400, 415, 422. */
export function patchedView(request: ApiRequest, live: ApiObject): ApiObject {
  const type = request.body?.mediaType ?? ''
  if (!patchMediaTypes.includes(type)) throw unsupportedMediaType(patchMediaTypes)
  const object = patchedObject(request, live, { type, read: readPatch(request, type) })
  checkPlace(request, object)
  return object
}

function patched(
  live: ApiObject,
  body: unknown,
  { type, request }: { readonly type: string; readonly request: ApiRequest },
): JsonObject {
  try {
    if (type !== strategicType) {
      const merge = type === jsonPatchType ? jsonPatched : applyMergePatch
      const document: unknown = merge(live as unknown as JsonValue, body as JsonValue)
      if (isJsonObject(document)) return document
      throw invalidPatchOf(goJson(document), typelessProblem(document))
    }
    const schema = request.resource.type
    if (schema === undefined) throw unsupportedMediaType(patchMediaTypes)
    return strategicMergePatch(live, body as JsonObject, schema)
  } catch (error) {
    if (error instanceof GantryError && error.code !== 'KUBERNETES_STATUS' && error.kind === 'unprocessable')
      throw rejectedPatch()
    throw asUpstreamFails(error)
  }
}

/** Failures of merging and applying that upstream has no status for, as it answers them. */
function asUpstreamFails(error: unknown): unknown {
  const isUnexplained = error instanceof GantryError && error.kind === 'internal' && error.code !== 'KUBERNETES_STATUS'
  return isUnexplained ? unexplained(error.message) : error
}

function jsonPatched(live: JsonValue, body: JsonValue): JsonValue {
  try {
    const operations = parseJsonPatch(body)
    if (operations.some(isOfWhole)) throw rejectedPatch()
    return applyJsonPatch(live, operations)
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    throw error.kind === 'too-large' ? tooLarge(`Request entity too large: ${error.message}`) : rejectedPatch()
  }
}

/** Whether an operation takes or gives the document itself: it may be replaced and tested, and no more. */
function isOfWhole(operation: JsonPatchOperation): boolean {
  if ('from' in operation && operation.from === '') return true
  if (operation.path !== '' || operation.op === 'test') return false
  return operation.op !== 'replace' || typeof operation.value !== 'object' || operation.value === null
}

/** Whether a request is a server-side apply. */
export function isApply({ verb, body }: ApiRequest): boolean {
  return verb === 'patch' && body?.mediaType === applyType
}

/** Merges a request's configuration into what is there, with the managers of its fields. @throws 400, and then 409 to 500. */
export function configurationMerge(
  parts: ServerParts,
  request: ApiRequest,
): (live: ApiObject | undefined) => Promise<ApiObject> {
  const tree = readConfiguration(request)
  checkKind(request, tree)
  const force = booleanQuery(request, 'force') === true
  return async (live) => {
    const merged = await applied(request, { live, patch: tree, force, now: parts.view.now() })
    if (merged === live) return live as ApiObject
    const { object, strictErrors } = canonicalApplied(request, merged, live)
    report(request, strictErrors, request.resource, tree)
    return withDefaults(parts, request.resource, object)
  }
}

function apply(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const merge = configurationMerge(parts, request)
  return changeObject(parts, request, {
    repeats: true,
    isApplied: true,
    next: merge,
    ...(request.subresource === ''
      ? { create: async () => createApplied(parts, request, await merge(undefined)) }
      : {}),
  })
}

/** Of a custom resource the type has been checked; nulls that the configuration or the merge left are told by its schema. */
function canonicalApplied(
  request: ApiRequest,
  merged: JsonObject,
  live: ApiObject | undefined,
): ReturnType<typeof recanonical> {
  const { custom } = request.resource
  if (custom === undefined)
    return recanonical(merged, request.resource, { known: canonicalPart(request, live), wording: 'tree' })
  return { object: custom.withMetadata(merged), strictErrors: [] }
}

async function applied(...args: Parameters<typeof applyConfiguration>): Promise<JsonObject> {
  try {
    return await applyConfiguration(...args)
  } catch (error) {
    throw asUpstreamFails(error)
  }
}

async function createApplied(parts: ServerParts, request: ApiRequest, object: ApiObject): Promise<ApiAnswer> {
  checkPlace(request, object)
  const { uid = '' } = object.metadata
  if (uid !== '')
    throw conflict(
      subjectOf(request),
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    )
  await mayCreate(parts, request)
  const fresh = withMetadata(object, { resourceVersion: undefined })
  return createObject(parts, request, fresh, { isApplied: true })
}

/** @throws 400 for a configuration of another kind or version than its path. */
function checkKind({ resource }: ApiRequest, { apiVersion, kind }: JsonObject): void {
  if (apiVersion === resource.apiVersion && kind === resource.kind) return
  const version = typeof apiVersion === 'string' ? apiVersion : ''
  const shown = version.includes('/') ? version : `/${version}`
  throw badRequest(`invalid object type: ${shown}, Kind=${typeof kind === 'string' ? kind : ''}`)
}
