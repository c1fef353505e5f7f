/** How much of a device's capacity may be asked for when it is shared (resource/validation, v1.36). */
import { addQuantities, formatQuantity, quantityUnits } from '#base/data/quantity.ts'
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from '../../objects/resource-v1.generated.ts'
import { each } from '../checks.ts'
import { forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { amountOf, compareAmounts } from '../pods/resources.ts'
import { boundedSet } from './device-names.ts'

interface Limits {
  readonly capacity: string
  /** What is taken where a request does not say. */
  readonly usual: string
}

function validValues(at: Path, values: readonly string[], { capacity, usual }: Limits): FieldError[] {
  const unsorted = each(at, values, (value, valueAt, index) => {
    const isSmaller = index > 0 && compareAmounts(values[index - 1], value) > 0
    return isSmaller ? [invalid(valueAt, value, 'values must be sorted in ascending order')] : []
  })
  const isKnown = values.some((value) => compareAmounts(value, usual) === 0)
  return [
    ...unsorted,
    ...boundedSet(at, values, {
      most: 10,
      key: (value) => String(quantityUnits(amountOf(value))),
      check: (value, valueAt) =>
        compareAmounts(value, capacity) > 0
          ? [invalid(valueAt, value, `option is larger than capacity value: ${capacity}`)]
          : [],
    }),
    // A list that is too long is not looked at, and so never holds the usual value.
    ...(isKnown && values.length <= 10
      ? []
      : [invalid(at, usual, 'default value is not valid according to the requestPolicy')]),
  ]
}

/** A value must be a whole number of steps above the least; amounts count as whole units, rounded up. */
function offStep(
  at: Path,
  value: string,
  { min, step }: { readonly min: string; readonly step: string },
): FieldError[] {
  const size = quantityUnits(amountOf(step))
  const distance = quantityUnits(amountOf(value)) - quantityUnits(amountOf(min))
  if (size !== 0n && distance % size === 0n) return []
  return [invalid(at, value, `value is not a multiple of a given step (${step}) from (${min})`)]
}

function steps(at: Path, { min, max, step }: CapacityRequestPolicyRange, { capacity, usual }: Limits): FieldError[] {
  if (step === undefined) return []
  const first = addQuantities(amountOf(min), amountOf(step))
  const sum = formatQuantity(first)
  return [
    ...(compareAmounts(sum, capacity) > 0
      ? [invalid(at, step, `one step ${sum} is larger than capacity value: ${capacity}`)]
      : []),
    ...offStep(at, usual, { min, step }),
    ...(max === undefined ? [] : offStep(at, max, { min, step })),
  ]
}

function validRange(at: Path, range: CapacityRequestPolicyRange, limits: Limits): FieldError[] {
  const { min, max } = range
  const { capacity, usual } = limits
  const [minAt, maxAt] = [at.child('min'), at.child('max')]
  if ((min as string | undefined) === undefined) return [required(minAt, 'required when validRange is defined')]
  const errors: FieldError[] = []
  const check = (isWrong: boolean, error: FieldError): void => {
    if (isWrong) errors.push(error)
  }
  check(compareAmounts(min, capacity) > 0, invalid(minAt, min, `min is larger than capacity value: ${capacity}`))
  check(compareAmounts(usual, min) < 0, invalid(minAt, usual, `default is less than min: ${min}`))
  if (max !== undefined) {
    check(compareAmounts(min, max) > 0, invalid(maxAt, min, `min is larger than max: ${max}`))
    check(compareAmounts(max, capacity) > 0, invalid(maxAt, max, `max is larger than capacity value: ${capacity}`))
    check(compareAmounts(usual, max) > 0, invalid(maxAt, usual, `default is more than max: ${max}`))
  }
  return [...errors, ...steps(at.child('step'), range, limits)]
}

function policyErrors(at: Path, policy: CapacityRequestPolicy, capacity: string): FieldError[] {
  const { default: usual, validValues: values = [], validRange: range } = policy
  if (values.length > 0 && range !== undefined) {
    const text = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
    return [forbidden(at, text)]
  }
  const named = values.length > 0 ? 'validValues' : 'validRange'
  if (values.length === 0 && range === undefined) return []
  if (usual === undefined) return [required(at.child('default'), `required when ${named} is defined`)]
  return range === undefined
    ? validValues(at.child(named), values, { capacity, usual })
    : validRange(at.child(named), range, { capacity, usual })
}

/**
 * The capacity of a device.
 * @param isShared whether the device may be allocated several times; only then may requests take a part.
 */
export function deviceCapacity(at: Path, { value, requestPolicy }: DeviceCapacity, isShared: boolean): FieldError[] {
  if (requestPolicy === undefined) return []
  const policyAt = at.child('requestPolicy')
  if (!isShared) return [forbidden(policyAt, 'allowMultipleAllocations must be true')]
  return policyErrors(policyAt, requestPolicy, value)
}
