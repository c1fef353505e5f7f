/** What every admission request takes over from the API request that it is about. */
import { type ApiRequest, isDryRun } from '../api-request.ts'
import type { ServerParts } from '../server-parts.ts'
import { type AdmissionOperation, type AdmissionRequest, Rounds } from './admission.ts'
import { operationOptions } from './operation-options.ts'

type RequestPart = Omit<AdmissionRequest, 'object' | 'old' | 'own' | 'onFailure'>

/** The part with rounds of its own: each attempt of a request is admitted anew. */
export function requestPart(parts: ServerParts, request: ApiRequest, operation: AdmissionOperation): RequestPart {
  return {
    operation,
    verb: request.verb,
    resource: request.resource,
    subresource: request.subresource,
    namespace: request.namespace,
    name: request.name,
    user: request.user,
    dryRun: isDryRun(request),
    view: parts.view,
    options: operationOptions(request, operation),
    signal: request.signal,
    rounds: new Rounds(),
    warn: (text) => void request.warnings.push(text),
    annotate: (key, value) => request.annotate?.(key, value),
  }
}
