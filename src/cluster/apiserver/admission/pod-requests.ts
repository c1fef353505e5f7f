/** Which requests are about pods themselves, and not about one of their subresources. */
import type { AdmissionStep } from './admission.ts'

export const isPodCreate: AdmissionStep['applies'] = ({ group, resource }, operation, subresource) =>
  group === '' && resource === 'pods' && subresource === '' && operation === 'CREATE'

export const isPodWrite: AdmissionStep['applies'] = ({ group, resource }, operation, subresource) =>
  group === '' && resource === 'pods' && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE')

/** An `applies` for plain writes of one resource. */
export function writesOf(name: string, ...operations: readonly ('CREATE' | 'UPDATE')[]): AdmissionStep['applies'] {
  return ({ group, resource }, operation, subresource) =>
    `${group}/${resource}` === name && subresource === '' && (operations as readonly string[]).includes(operation)
}
