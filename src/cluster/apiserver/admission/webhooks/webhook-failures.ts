/** What clients are told when a webhook refuses or cannot be asked (apiserver admission/plugin/webhook/errors, v1.36). */
import type { GantryError } from '#base/errors/gantry-error.ts'
import { statusError } from '#clients/kubernetes/status-error.ts'
import type { JsonObject, Status } from '#spec/kubernetes/objects/objects.ts'

/** The Status of a request that a webhook denied: its own, with a code and words that say so. */
export function denied(webhook: string, result: JsonObject): GantryError {
  const by = `admission webhook ${JSON.stringify(webhook)} denied the request`
  const text = typeof result['message'] === 'string' ? result['message'] : ''
  const reason = typeof result['reason'] === 'string' ? result['reason'] : ''
  const why = text === '' ? reason : text
  const code = typeof result['code'] === 'number' && result['code'] >= 400 ? result['code'] : 400
  const status = {
    ...result,
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: why === '' ? `${by} without explanation` : `${by}: ${why}`,
    code,
  }
  return statusError(status as unknown as Status)
}

/** The sentence of a webhook that could not be asked. */
export function failedCalling(webhook: string, reason: string): string {
  return `failed calling webhook ${JSON.stringify(webhook)}: ${reason}`
}
