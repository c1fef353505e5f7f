/** Field ownership of ordinary writes and applies: who is the manager, and what a request can own at all. */
import { applyObject } from '#spec/kubernetes/apply/apply-object.ts'
import type { FieldSet } from '#spec/kubernetes/apply/field-set.ts'
import { KnownFields } from '#spec/kubernetes/apply/known-fields.ts'
import { type FieldContext, trackUpdate } from '#spec/kubernetes/apply/track-update.ts'
import { zeroStruct } from '#spec/kubernetes/decode/zero-value.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from './api-object.ts'
import type { ApiRequest } from './api-request.ts'
import type { ServedResource } from './served-resource.ts'

const statusOnly: FieldSet = { 'f:status': {} }
const notStatus: FieldSet = { 'f:spec': {} }
const notStatusOrMetadata: FieldSet = { 'f:spec': {}, 'f:metadata': {} }
const managerLengthMax = 128

function resetFieldsOf(resource: ServedResource, subresource: string): FieldSet | undefined {
  if (!resource.strategy.hasStatus) return undefined
  if (subresource === '') return resource.strategy.resetFields ?? statusOnly
  if (subresource !== 'status') return undefined
  if (resource.strategy.statusKeepsMetadata === true) return notStatusOrMetadata
  return resource.strategy.statusKeepsLabels ? { ...notStatus, 'f:metadata': { 'f:labels': {} } } : notStatus
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

/** What field tracking needs to know of a request. */
export function fieldContext(request: Pick<ApiRequest, 'resource' | 'subresource'>, now: string): FieldContext {
  const { resource, subresource } = request
  const resetFields = resetFieldsOf(resource, subresource)
  return {
    type: resource.mergeType,
    apiVersion: resource.apiVersion,
    subresource,
    now,
    emptyObject: emptyObject(resource),
    ...(subresource === '' ? { known: knownFieldsOf(resource) } : {}),
    ...(resetFields === undefined ? {} : { resetFields }),
  }
}

/** The manager of a request: what it says, else the program named in the user agent. */
export function managerOf(request: Pick<ApiRequest, 'query' | 'userAgent'>): string {
  const said = request.query('fieldManager') ?? ''
  if (said !== '') return said
  const program = request.userAgent.split('/', 1)[0] ?? ''
  return program.slice(0, managerLengthMax) || 'unknown'
}

/** The object with its managed fields after an ordinary create (`live` undefined), update or patch. */
// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
export function trackWrite(request: ApiRequest, live: ApiObject | undefined, next: ApiObject, now: string): ApiObject {
  return trackUpdate(live, next, { manager: managerOf(request), context: fieldContext(request, now) }) as ApiObject
}

/** The merge of a configuration into what is there. @throws 400 and 409 as upstream. */
export function applyConfiguration(
  request: ApiRequest,
  {
    live,
    patch,
    force,
    now,
  }: {
    readonly live: ApiObject | undefined
    readonly patch: JsonObject
    readonly force: boolean
    readonly now: string
  },
): JsonObject {
  return applyObject({ live, patch, manager: managerOf(request), force }, fieldContext(request, now))
}
