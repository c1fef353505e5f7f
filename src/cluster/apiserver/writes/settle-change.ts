/** What a change leaves of the object that is there: the server's own metadata, the half that the request cannot write, the generation. */
import { type ApiObject, equalJson, withMember, withMetadata } from '../api-object.ts'
import { type ApiRequest, isDryRun } from '../api-request.ts'
import { keyOf } from '../cache/object-cache.ts'
import { subjectOf } from '../read-objects.ts'
import { badRequest, type Cause, conflict, invalid, unexplained } from '../status-errors.ts'
import type { StrategyContext } from '../strategies/strategy.ts'
import { partOfObject } from '../subresources/part-of-object.ts'
import { versionProblem } from '../wire/resource-version.ts'

interface Before {
  readonly old: ApiObject
  readonly repeats: boolean
}

/** What an object says of its name and namespace must be what its path says. @throws 400. */
export function checkPlace(request: ApiRequest, { metadata: { name = '', namespace = '' } }: ApiObject): void {
  if (name === '')
    throw badRequest(`the name of the object (${request.name} based on URL) was undeterminable: name must be provided`)
  if (request.namespace !== '' && namespace !== '' && namespace !== request.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (name !== '' && name !== request.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name})`)
}

/** A patch asks for another uid; an update that names one means another object. */
function immutableUid(uid: string): Cause {
  return {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`,
    field: 'metadata.uid',
  }
}

/** A uid that the client names must be that of the object. @throws 409, of patches 422. */
function checkUid(request: ApiRequest, uid: string, { metadata: { uid: actual = '' } }: ApiObject): void {
  if (uid === '' || uid === actual) return
  const subject = subjectOf(request)
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actual}`
  if (request.verb !== 'patch')
    throw conflict(
      subject,
      `StorageError: invalid object, Code: 4, Key: ${upstreamKey(request)}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
    )
  if (request.subresource === 'scale') throw conflict({ ...subject, resource: `${subject.resource}/scale` }, why)
  throw invalid({ ...subject, resource: request.resource.kind }, [immutableUid(uid)])
}

/** Resources that upstream keeps under another name than their own. */
const keptAs: Readonly<Record<string, string>> = {
  endpoints: 'services/endpoints',
  ingresses: 'ingress',
  nodes: 'minions',
  replicationcontrollers: 'controllers',
  services: 'services/specs',
}

/** Where upstream keeps an object. A dry run does not get as far as to the prefix of the store. */
function upstreamKey(request: ApiRequest): string {
  const { group, resource, type } = request.resource
  const storage = type === undefined ? `${group}/${resource}` : (keptAs[resource] ?? resource)
  const key = keyOf(storage, request.namespace, request.name)
  return isDryRun(request) ? key.replace(/^\/[^/]*/, '') : key
}

/** A version that the client names must be that of the object; some resources want one named. @throws 409, 422, 500. */
function checkVersion(request: ApiRequest, version: string, { old, repeats }: Before): void {
  const problem = version === '' ? undefined : versionProblem(version)
  if (problem !== undefined) throw unexplained(problem)
  const isBlind = version === '' || version === '0'
  if (!isBlind && version !== old.metadata.resourceVersion) throw conflict(subjectOf(request))
  if (!isBlind || repeats || request.resource.strategy.unconditionalUpdate || request.verb !== 'update') return
  const message = 'Invalid value: 0: must be specified for an update'
  throw invalid(subjectOf(request), [{ reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }])
}

/** The server's own metadata stays; versions and uids that the client names must be those that are there. @throws 400 to 422. */
export function settleMetadata(request: ApiRequest, next: ApiObject, before: Before): ApiObject {
  checkPlace(request, next)
  checkUid(request, next.metadata.uid ?? '', before.old)
  checkVersion(request, next.metadata.resourceVersion ?? '', before)
  const kept = before.old.metadata
  return withMetadata(next, {
    name: request.name,
    namespace: kept.namespace,
    generateName: kept.generateName,
    uid: kept.uid,
    creationTimestamp: kept.creationTimestamp,
    generation: kept.generation,
    // What is being deleted stays so; who marks something else is refused by validation.
    deletionTimestamp: kept.deletionTimestamp ?? next.metadata.deletionTimestamp,
    deletionGracePeriodSeconds: next.metadata.deletionGracePeriodSeconds ?? kept.deletionGracePeriodSeconds,
    selfLink: undefined,
    resourceVersion: kept.resourceVersion,
  })
}

/** The main resource leaves the status alone, the status subresource everything else. */
export function keepOtherHalf(request: ApiRequest, next: ApiObject, old: ApiObject): ApiObject {
  const { strategy } = request.resource
  if (request.subresource === '') return strategy.hasStatus ? withMember(next, 'status', old['status']) : next
  if (request.subresource !== 'status') return partOfObject(request.subresource, next, old) ?? next
  if (strategy.statusKeepsMetadata === true)
    return { ...withMetadata(old, { managedFields: next.metadata.managedFields }), status: next['status'] }
  const { metadata } = next
  const labels = strategy.statusKeepsLabels ? old.metadata.labels : metadata.labels
  return { ...old, metadata: { ...metadata, ...(labels === undefined ? {} : { labels }) }, status: next['status'] }
}

/** The resource's own preparation of what the request may write. */
export function prepare(
  request: ApiRequest,
  next: ApiObject,
  { old, context }: { readonly old: ApiObject; readonly context: StrategyContext },
): ApiObject {
  const { strategy } = request.resource
  if (request.subresource === '') return strategy.prepareUpdate?.(next, old, context) ?? next
  const writesStatus = request.subresource === 'status' || request.subresource === 'approval'
  return (writesStatus ? strategy.prepareStatusUpdate?.(next, old, context) : undefined) ?? next
}

function contentOf(object: ApiObject): ApiObject {
  const { metadata: _, status: __, ...content } = object
  return content as unknown as ApiObject
}

/** A generation more when what is wanted changed; a status is no part of that. */
export function countGeneration(request: ApiRequest, next: ApiObject, old: ApiObject): ApiObject {
  const { strategy } = request.resource
  if (!strategy.hasGeneration || request.subresource === 'status') return next
  const changed = strategy.changesGeneration?.(next, old) ?? !equalJson(contentOf(next), contentOf(old))
  if (!changed) return next
  return withMetadata(next, { generation: (old.metadata.generation ?? 0) + 1 })
}
