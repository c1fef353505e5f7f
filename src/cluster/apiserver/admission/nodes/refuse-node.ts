/** How NodeRestriction refuses. */
import type { GantryError } from '#base/errors/gantry-error.ts'
import { forbidden } from '../../status-errors.ts'
import type { AdmissionRequest } from '../admission.ts'
import { mentionedName } from '../mentioned-name.ts'

/** The 403 of a request of a node. */
export function refuseNode(request: AdmissionRequest, why: string): GantryError {
  const { group, resource } = request.resource
  return forbidden({ group, resource, name: mentionedName(request) }, why)
}
