/** Labels, annotations and label selectors (apimachinery meta/v1/validation, v1.36). */
import { matchesSelector, selectorFromObject } from '#base/data/label-selector.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { LabelSelector } from '../objects/objects.ts'
import { byteLength, each, matches, joined } from './checks.ts'
import { forbidden, invalid, required, tooLong, type FieldError } from './field-errors.ts'
import type { Path } from './field-path.ts'
import { labelValue, qualifiedName } from './formats.ts'

type Texts = Readonly<Record<string, string>>

/** Sum of the bytes of keys and values that annotations may have. */
export const annotationBytesMax: number = 256 * 1024

/** Keys and values of labels; both are reported at the map itself. */
export function validateLabels(at: Path, labels: Texts | undefined): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) =>
    joined(matches(at, key, qualifiedName), matches(at, value, labelValue)),
  )
}

/** Keys (in any case) and total size of annotations. */
export function validateAnnotations(at: Path, annotations: Texts | undefined): FieldError[] {
  const entries = Object.entries(annotations ?? {})
  const errors = entries.flatMap(([key]) => qualifiedName(key.toLowerCase()).map((text) => invalid(at, key, text)))
  const sizeBytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)
  return sizeBytes > annotationBytesMax ? [...errors, tooLong(at, annotationBytesMax)] : errors
}

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number]

/** A count of values that does not fit the operator. */
export function selectorValueErrors(at: Path, operator: string, values: readonly string[] | undefined): FieldError[] {
  const count = values?.length ?? 0
  switch (operator) {
    case 'In':
    case 'NotIn':
      return count > 0 ? [] : [required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")]
    case 'Exists':
    case 'DoesNotExist':
      return count === 0
        ? []
        : [forbidden(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
    default:
      return [invalid(at.child('operator'), operator, 'not a valid selector operator')]
  }
}

function validateRequirement(at: Path, requirement: Requirement, allowInvalidValues: boolean): FieldError[] {
  return joined(
    selectorValueErrors(at, requirement.operator, requirement.values),
    matches(at.child('key'), requirement.key, qualifiedName),
    allowInvalidValues
      ? []
      : each(at.child('values'), requirement.values, (value, valueAt) => matches(valueAt, value, labelValue)),
  )
}

/**
 * A label selector object.
 * @param allowInvalidValues set when the stored object already has values that are no label values.
 */
export function validateLabelSelector(
  at: Path,
  selector: LabelSelector | undefined,
  allowInvalidValues: boolean = false,
): FieldError[] {
  if (selector === undefined) return []
  return joined(
    validateLabels(at.child('matchLabels'), selector.matchLabels),
    each(at.child('matchExpressions'), selector.matchExpressions, (requirement, itemAt) =>
      validateRequirement(itemAt, requirement, allowInvalidValues),
    ),
  )
}

/** True when a selector has values that are no label values. */
export function hasInvalidSelectorValue(selector: LabelSelector | undefined): boolean {
  const values = (selector?.matchExpressions ?? []).flatMap((requirement) => requirement.values ?? [])
  return values.some((value) => labelValue(value).length > 0)
}

/** True when the selector names no requirement. */
export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0
}

/** Whether labels meet a selector; undefined when the selector cannot be read. An absent selector matches nothing. */
export function selectorMatches(selector: LabelSelector | undefined, labels: Texts | undefined): boolean | undefined {
  if (selector === undefined) return false
  try {
    return matchesSelector(selectorFromObject(selector), labels)
  } catch (error) {
    if (error instanceof GantryError) return undefined
    throw error
  }
}
