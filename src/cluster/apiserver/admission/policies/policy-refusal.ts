/** What clients are told when a policy refuses (apiserver admission, NewForbidden and the policies' dispatchers, v1.36). */
import type { GantryError } from '#base/errors/gantry-error.ts'
import { statusError, statusOf } from '#clients/kubernetes/status-error.ts'
import type { Status } from '#spec/kubernetes/objects/objects.ts'
import { forbidden } from '../../status-errors.ts'
import type { AdmissionRequest } from '../admission.ts'
import { mentionedName } from '../mentioned-name.ts'

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
}

/** The Status of a request that is forbidden for the first of some reasons; all are listed as causes. */
export function policyRefusal(
  request: AdmissionRequest,
  messages: readonly string[],
  { reason, code, wholeMessage }: { readonly reason: string; readonly code?: number; readonly wholeMessage?: string },
): GantryError {
  const { group, resource } = request.resource
  const [first = ''] = messages
  const status = statusOf(forbidden({ group, resource, name: mentionedName(request) }, first)) as Status
  const causes = messages.map((message) => ({ message }))
  return statusError({
    ...status,
    ...(wholeMessage === undefined ? {} : { message: wholeMessage }),
    reason,
    code: code ?? codes[reason] ?? 422,
    details: { ...status.details, causes },
  } as Status)
}
