/** Conditions that a device waits for before its pod is bound, and those that say it failed (resource/validation, v1.36). */
import { each } from '../checks.ts'
import { duplicate, invalid, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { boundedList, labelKey } from './device-names.ts'

const conditionsMost = 4

interface BindingConditions {
  readonly bindingConditions?: readonly string[]
  readonly bindingFailureConditions?: readonly string[]
}

function repeated(at: Path, list: readonly string[], others: readonly string[]): FieldError[] {
  const text = 'bindingFailureConditions must not overlap with bindingConditions'
  return each(at, list, (condition, itemAt, index) => [
    ...(list.indexOf(condition) < index ? [duplicate(itemAt, condition)] : []),
    ...(others.includes(condition) ? [invalid(itemAt, condition, text)] : []),
  ])
}

/** Both lists of a device, or of its allocation: neither without the other, and nothing in both. */
export function bindingConditions(given: BindingConditions, at: Path): FieldError[] {
  const { bindingConditions: wanted = [], bindingFailureConditions: failed = [] } = given
  const [wantedAt, failedAt] = [at.child('bindingConditions'), at.child('bindingFailureConditions')]
  const errors = [
    ...boundedList(wantedAt, wanted, { most: conditionsMost, check: labelKey }),
    ...boundedList(failedAt, failed, { most: conditionsMost, check: labelKey }),
    ...repeated(wantedAt, wanted, []),
    ...repeated(failedAt, failed, wanted),
  ]
  if (wanted.length === 0 && failed.length > 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions'
    errors.push(invalid(wantedAt, given.bindingConditions ?? null, text))
  }
  if (failed.length === 0 && wanted.length > 0) {
    const text = 'bindingFailureConditions are required to use bindingConditions'
    errors.push(invalid(failedAt, given.bindingFailureConditions ?? null, text))
  }
  return errors
}
