/** Metadata of templates for objects that are made later: labels and annotations only (core/validation, v1.36). */
import type { ObjectMeta } from '../objects/objects.ts'
import { forbidden, type FieldError } from './field-errors.ts'
import type { Path } from './field-path.ts'
import { validateAnnotations, validateLabels } from './labels.ts'

// In the order of upstream's type, with the names that its reflection gives them.
const refused: readonly (readonly [member: keyof ObjectMeta, shown: string])[] = [
  ['name', 'name'],
  ['generateName', 'generateName'],
  ['namespace', 'namespace'],
  ['selfLink', 'selfLink'],
  ['uid', 'uID'],
  ['resourceVersion', 'resourceVersion'],
  ['generation', 'generation'],
  ['creationTimestamp', 'creationTimestamp'],
  ['deletionTimestamp', 'deletionTimestamp'],
  ['deletionGracePeriodSeconds', 'deletionGracePeriodSeconds'],
  ['ownerReferences', 'ownerReferences'],
  ['finalizers', 'finalizers'],
  ['managedFields', 'managedFields'],
]

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return false
  return !Array.isArray(value) || value.length > 0
}

/** What is wrong with the metadata of a template. */
export function validateTemplateMetadata(at: Path, metadata: ObjectMeta | undefined): FieldError[] {
  const extra = refused.filter(([member]) => isSet(metadata?.[member]))
  return [
    ...validateAnnotations(at.child('annotations'), metadata?.annotations),
    ...validateLabels(at.child('labels'), metadata?.labels),
    ...extra.map(([, shown]) => forbidden(at.child(shown), 'cannot be set')),
  ]
}
