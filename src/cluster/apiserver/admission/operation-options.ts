/** The options of a request as the object of meta.k8s.io that webhooks and expressions are shown. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiRequest, isDryRun } from '../api-request.ts'
import type { AdmissionOperation } from './admission.ts'

const kinds: Readonly<Partial<Record<AdmissionOperation, string>>> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
}

/** The options object by what is done, whichever way it was asked for: a patch has those of an update, or of a create. */
export function operationOptions(request: ApiRequest, operation: AdmissionOperation): JsonObject | undefined {
  const kind = kinds[operation]
  if (kind === undefined) return undefined
  const dryRun = isDryRun(request) ? { dryRun: ['All'] } : {}
  if (kind === 'DeleteOptions') return { kind, apiVersion: 'meta.k8s.io/v1', ...dryRun, ...deleteOptions(request) }
  const manager = request.query('fieldManager')
  const validation = request.query('fieldValidation')
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...dryRun,
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
