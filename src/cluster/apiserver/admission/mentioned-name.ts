/** How a refusal mentions the object of a request (apiserver admission errors, v1.36). */
import type { AdmissionRequest } from './admission.ts'

/** Its name; before it has one, what its name will begin with. */
export function mentionedName({ name, object }: Pick<AdmissionRequest, 'name' | 'object'>): string {
  if (name !== '') return name
  return object?.metadata.name ?? object?.metadata.generateName ?? 'Unknown'
}
