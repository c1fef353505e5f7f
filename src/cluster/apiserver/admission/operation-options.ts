/** The options of a request as the object of meta.k8s.io that webhooks and expressions are shown. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiRequest, booleanQuery, isDryRun } from '../api-request.ts'

const kinds: Readonly<Partial<Record<ApiRequest['verb'], string>>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
}

/** The options object, undefined for requests that have none. */
export function operationOptions(request: ApiRequest): JsonObject | undefined {
  const kind = kinds[request.verb]
  if (kind === undefined) return undefined
  const dryRun = isDryRun(request) ? { dryRun: ['All'] } : {}
  if (kind === 'DeleteOptions') return { kind, apiVersion: 'meta.k8s.io/v1', ...dryRun, ...deleteOptions(request) }
  const force = booleanQuery(request, 'force')
  const manager = request.query('fieldManager')
  const validation = request.query('fieldValidation')
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...dryRun,
    ...(force === undefined ? {} : { force }),
    ...(manager === undefined ? {} : { fieldManager: manager }),
    ...(validation === undefined ? {} : { fieldValidation: validation }),
  }
}

function deleteOptions(request: ApiRequest): JsonObject {
  const grace = request.query('gracePeriodSeconds')
  const policy = request.query('propagationPolicy')
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
  }
}
