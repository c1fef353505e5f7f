/** Conditions as newer kinds have them in their status (meta/v1/validation, v1.36). */
import type { Condition } from '../objects/objects.ts'
import { byteLength, each, matches, oneOf, joined } from './checks.ts'
import { duplicate, invalid, required, tooLong, type FieldError } from './field-errors.ts'
import type { Path } from './field-path.ts'
import { patternText, qualifiedName } from './formats.ts'

const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonProblem = patternText(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  reasonPattern,
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
)

function reasonErrors(at: Path, reason: string): FieldError[] {
  if (reason === '') return [required(at)]
  const errors = new RegExp(`^${reasonPattern}$`).test(reason) ? [] : [invalid(at, reason, reasonProblem)]
  return byteLength(reason) > 1024 ? [...errors, tooLong(at, 1024)] : errors
}

function validateCondition(condition: Condition, at: Path): FieldError[] {
  const generation = condition.observedGeneration ?? 0
  const errors = joined(
    matches(at.child('type'), condition.type, qualifiedName),
    oneOf(at.child('status'), condition.status, ['False', 'True', 'Unknown']),
  )
  if (generation < 0) {
    errors.push(invalid(at.child('observedGeneration'), generation, 'must be greater than or equal to zero'))
  }
  if (condition.lastTransitionTime === undefined || condition.lastTransitionTime === null) {
    errors.push(required(at.child('lastTransitionTime')))
  }
  errors.push(...reasonErrors(at.child('reason'), condition.reason ?? ''))
  const isLong = byteLength(condition.message ?? '') > 32768
  return isLong ? [...errors, tooLong(at.child('message'), 32768)] : errors
}

/** A list of conditions, each type once. */
export function validateConditions(at: Path, conditions: readonly Condition[] | undefined): FieldError[] {
  const seen = new Set<string>()
  return each(at, conditions, (condition, itemAt) => {
    const repeated = seen.has(condition.type) ? [duplicate(itemAt.child('type'), condition.type)] : []
    seen.add(condition.type)
    return joined(repeated, validateCondition(condition, itemAt))
  })
}
