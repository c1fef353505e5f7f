/** Field ownership of ordinary writes and applies: who is the manager, and what a request can own at all. */
import { flatText } from '#base/data/flat-text.ts'
import { applyObject } from '#spec/kubernetes/apply/apply-object.ts'
import type { FieldSet } from '#spec/kubernetes/apply/field-set.ts'
import type { FieldVersions } from '#spec/kubernetes/apply/field-versions.ts'
import { KnownFields } from '#spec/kubernetes/apply/known-fields.ts'
import { type FieldContext, trackUpdate } from '#spec/kubernetes/apply/track-update.ts'
import { zeroStruct } from '#spec/kubernetes/decode/zero-value.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from '../api-object.ts'
import type { ApiRequest } from '../api-request.ts'
import { type Convert, type ConvertNow, withConversions } from './conversions-at-hand.ts'
import type { ServedResource } from '../served-resource.ts'
import type { VersionRow } from '../resource-versions.ts'
import { unexplained } from '../status-errors.ts'

const statusOnly: FieldSet = { 'f:status': {} }
const notStatus: FieldSet = { 'f:spec': {} }
const notStatusOrMetadata: FieldSet = { 'f:spec': {}, 'f:metadata': {} }
const managerLengthMax = 128

function resetFieldsOf({ strategy }: VersionRow, subresource: string): FieldSet | undefined {
  if (!strategy.hasStatus) return undefined
  if (subresource === '') return strategy.resetFields ?? statusOnly
  if (subresource !== 'status') return undefined
  if (strategy.statusKeepsMetadata === true) return notStatusOrMetadata
  return strategy.statusKeepsLabels ? { ...notStatus, 'f:metadata': { 'f:labels': {} } } : notStatus
}

const emptyObjects = new WeakMap<ServedResource, ApiObject>()

function emptyObject(resource: ServedResource): ApiObject {
  let empty = emptyObjects.get(resource)
  if (empty === undefined) {
    const struct = resource.type?.struct
    empty = {
      metadata: {},
      ...(struct === undefined ? {} : zeroStruct(struct)),
      kind: resource.kind,
      apiVersion: resource.apiVersion,
    }
    emptyObjects.set(resource, empty)
  }
  return empty
}

const knownFields = new WeakMap<ServedResource, KnownFields>()

function knownFieldsOf(resource: ServedResource): KnownFields {
  let known = knownFields.get(resource)
  if (known === undefined) {
    known = new KnownFields(resource.mergeType, emptyObject(resource))
    knownFields.set(resource, known)
  }
  return known
}

type Request = Pick<ApiRequest, 'resource' | 'subresource'>

/** What field tracking needs to know of a request. */
function fieldContext(request: Request, now: string, convert: ConvertNow): FieldContext {
  const { resource, subresource } = request
  const resetFields = resetFieldsOf(resource, subresource)
  return {
    type: resource.mergeType,
    apiVersion: resource.apiVersion,
    subresource,
    now,
    emptyObject: emptyObject(resource),
    versions: fieldVersions(request, convert),
    ...(subresource === '' ? { known: knownFieldsOf(resource) } : {}),
    ...(resetFields === undefined ? {} : { resetFields }),
  }
}

function fieldVersions({ resource, subresource }: Request, convert: ConvertNow): FieldVersions {
  const { apiVersion: own, versions, type } = resource
  return {
    mayChange: type === undefined,
    find: (apiVersion) => {
      if (apiVersion.split('/').length > 2) throw unexplained(`unexpected GroupVersion string: ${apiVersion}`)
      const row = versions?.find(apiVersion)
      if (row === undefined) return undefined
      // The main resource of a definition only knows what its own version leaves to the status.
      const resetFields = type === undefined && subresource === '' ? undefined : resetFieldsOf(row, subresource)
      return { type: row.mergeType, ...(resetFields === undefined ? {} : { resetFields }) }
    },
    // Between two other versions objects go through that of the request.
    convert: (object, apiVersion) => {
      const isDirect = object['apiVersion'] === own || apiVersion === own
      return convert(isDirect ? (object as ApiObject) : convert(object as ApiObject, own), apiVersion)
    },
  }
}

/** Tracks with objects in whatever version there is a manager for. */
function tracked<T>(request: Request, now: string, track: (context: FieldContext) => T): T | Promise<T> {
  const convert: Convert = (object, apiVersion) => request.resource.versions?.convert(object, apiVersion) ?? object
  return withConversions(convert, (atHand) => track(fieldContext(request, now, atHand)))
}

/** The manager of a request: what it says, else the program named in the user agent. */
export function managerOf(request: Pick<ApiRequest, 'query' | 'userAgent'>): string {
  const said = request.query('fieldManager') ?? ''
  if (said !== '') return said
  const program = request.userAgent.split('/', 1)[0] ?? ''
  return flatText(program.slice(0, managerLengthMax)) || 'unknown'
}

interface Write {
  /** Undefined for a create. */
  readonly live: ApiObject | undefined
  readonly next: ApiObject
  readonly now: string
}

/** The object with its managed fields after an ordinary create, update or patch. */
export function trackWrite(request: ApiRequest, { live, next, now }: Write): ApiObject | Promise<ApiObject> {
  const manager = managerOf(request)
  return tracked(request, now, (context) => trackUpdate(live, next, { manager, context }) as ApiObject)
}

interface Applied {
  readonly live: ApiObject | undefined
  readonly patch: JsonObject
  readonly force: boolean
  readonly now: string
}

/** The merge of a configuration into what is there. @throws 400, 409 and 500 as upstream. */
export function applyConfiguration(
  request: ApiRequest,
  { live, patch, force, now }: Applied,
): JsonObject | Promise<JsonObject> {
  const manager = managerOf(request)
  return tracked(request, now, (context) => applyObject({ live, patch, manager, force }, context))
}
