/** What volumes and claims share: amounts in their status, and the version that a write to it has to name. */
import { required, invalid, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { amountOf } from '../pods/resources.ts'

/** An amount whose whole units are below zero. */
export function notNegative(at: Path, amount: string): FieldError[] {
  const units = amountOf(amount).nanos / 1_000_000_000n
  return units < 0n ? [invalid(at, Number(units), 'must be a valid resource quantity')] : []
}

/** Status is written to a version that the writer names. */
export function needsVersion(object: { readonly metadata: { readonly resourceVersion?: string } }): FieldError[] {
  return (object.metadata.resourceVersion ?? '') === '' ? [required(path('resourceVersion'))] : []
}
