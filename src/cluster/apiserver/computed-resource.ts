/** Resources whose objects are nowhere stored: whoever adds the row answers for it. */
import type { AnswerRequest } from './server-parts.ts'
import type { ServedResource } from './served-resource.ts'

/** A row of `ServedResources` that answers its own requests, routed, authorised and with a verb that it has. */
export interface ComputedResource extends ServedResource {
  readonly stored: false
  readonly answer: AnswerRequest
}

/** True for rows that answer themselves. */
export function isComputed(resource: ServedResource): resource is ComputedResource {
  return 'answer' in resource
}
