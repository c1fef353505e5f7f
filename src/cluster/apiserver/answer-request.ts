/** From a routed and authorised request to its answer: which handler serves which verb of which resource. */
import type { ApiAnswer, ApiRequest } from './api-request.ts'
import { readyAnswer } from './convert-stored.ts'
import { checkWriteOptions } from './writes/check-options.ts'
import { deprecationOf } from './documents/deprecations.ts'
import { deleteCollection, deleteObject } from './writes/delete-object.ts'
import { decodeBody } from './wire/decode-body.ts'
import { patchObject } from './writes/patch-object.ts'
import { listObjects, readObject, subjectOf } from './read-objects.ts'
import type { ServedResource } from './served-resource.ts'
import type { AnswerRequest, ServerParts } from './server-parts.ts'
import { statusError } from '#clients/kubernetes/status-error.ts'
import type { GantryError } from '#base/errors/gantry-error.ts'
import { badRequest, notFound, unknownResource } from './status-errors.ts'
import { getComponentStatus, listComponentStatuses } from './subresources/component-statuses.ts'
import { reviewHandler } from './subresources/reviews.ts'
import { subresourceHandler } from './subresources/subresources.ts'
import { updateObject } from './writes/update-object.ts'
import { createObject } from './writes/write-object.ts'

/** The 405 of a verb that a resource does not have. */
export function verbNotAllowed(): GantryError {
  return statusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server does not allow this method on the requested resource',
    reason: 'MethodNotAllowed',
    details: {},
    code: 405,
  } as unknown as Parameters<typeof statusError>[0])
}

/** Answers a request. @throws the Status of its failure. */
export async function answerRequest(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  return readyAnswer(await answerInAnyVersion(parts, request))
}

async function answerInAnyVersion(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const { resource, subresource, verb } = request
  checkWriteOptions(request)
  const deprecation = resource.custom?.deprecation ?? deprecationOf(resource)
  if (deprecation !== undefined) request.warnings.push(deprecation)
  if (subresource !== '') {
    const sub = resource.info.subresources?.find((one) => one.name === subresource)
    if (sub === undefined) throw noSubresource(request)
    if (!sub.verbs.includes(verb)) throw verbNotAllowed()
    return subresourceHandler(resource, subresource)(parts, request)
  }
  if (!resource.info.verbs.includes(verb)) throw noVerb(request)
  if (!resource.stored) return reviewHandler(resource)(parts, request)
  return answersOf(resource)[verb]?.(parts, request) ?? Promise.reject(verbNotAllowed())
}

/** What can only be created has no objects with paths of their own; all else is there, for other verbs. */
function noVerb({ resource, name }: ApiRequest): GantryError {
  const isNowhere = name !== '' && resource.info.verbs.every((verb) => verb === 'create')
  return isNowhere ? unknownResource() : verbNotAllowed()
}

function answersOf({ storage }: ServedResource): Readonly<Record<string, AnswerRequest>> {
  return storage === '/componentstatuses' ? componentAnswers : answers
}

const componentAnswers: Readonly<Record<string, AnswerRequest>> = {
  get: getComponentStatus,
  list: listComponentStatuses,
}

function noSubresource(request: ApiRequest): GantryError {
  return request.resource.custom === undefined ? unknownResource() : notFound(subjectOf(request))
}

/** @throws 400 for the parameter that stripped objects until v1.14: whoever still sends it would get what he does not expect. */
function refuseExport(request: ApiRequest): void {
  const asked = request.query('export')
  if (asked === undefined || asked === '0' || asked.toLowerCase() === 'false') return
  throw badRequest('the export parameter, deprecated since v1.14, is no longer supported')
}

const answers: Readonly<Record<string, AnswerRequest>> = {
  get: async (parts, request) => {
    refuseExport(request)
    const object = await readObject(parts, request)
    return { form: 'stored', code: 200, resource: request.resource, object }
  },
  list: listObjects,
  create: async (parts, request) => createObject(parts, request, decodeBody(request, request.resource)),
  update: updateObject,
  patch: patchObject,
  delete: (parts, request) => deleteObject(parts, request),
  deletecollection: deleteCollection,
}
