/** Numbers that may also be percentages: rolling updates and disruption budgets. */
import { negativeText } from '../checks.ts'
import { invalid, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { percent } from '../formats.ts'

type IntOrPercent = number | string | undefined

/** A number not below zero, or a percentage. */
export function validateIntOrPercent(at: Path, value: IntOrPercent): FieldError[] {
  if (typeof value === 'string') return percent(value).map((text) => invalid(at, value, text))
  return (value ?? 0) < 0 ? [invalid(at, value, negativeText)] : []
}

/** The number, or the number before the percent sign. */
export function intOrPercentValue(value: IntOrPercent): number {
  if (typeof value !== 'string') return value ?? 0
  return Number.parseInt(value, 10) || 0
}

/** A percentage of at most 100. */
export function notAbove100Percent(at: Path, value: IntOrPercent): FieldError[] {
  if (typeof value !== 'string' || percent(value).length > 0 || intOrPercentValue(value) <= 100) return []
  return [invalid(at, value, 'must not be greater than 100%')]
}
