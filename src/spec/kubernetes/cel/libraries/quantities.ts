/** `quantity()`: resource quantities (Kubernetes' quantity library). */
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  quantityOfUnits,
  subtractQuantities,
  tryParseQuantity,
  type Quantity,
} from '#base/data/quantity.ts'
import { declare, fail, type CelOverload } from '../cel-function.ts'
import { CelOpaque, fitsInt, type CelValue } from '../cel-value.ts'
import { quantityType } from '../named-types.ts'

const nanosPerUnit = 1_000_000_000n

class CelQuantity extends CelOpaque {
  readonly type = quantityType
  readonly quantity: Quantity

  constructor(quantity: Quantity) {
    super()
    this.quantity = quantity
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelQuantity && compareQuantities(this.quantity, other.quantity) === 0
  }
}

function toQuantity(text: string): CelQuantity {
  try {
    return new CelQuantity(parseQuantity(text))
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

const quantity = (value: CelValue | undefined): Quantity => (value as CelQuantity).quantity
const isWhole = ({ nanos }: Quantity): boolean => nanos % nanosPerUnit === 0n && fitsInt(nanos / nanosPerUnit)
const signOf = ({ nanos }: Quantity): bigint => (nanos === 0n ? 0n : nanos > 0n ? 1n : -1n)

function integer(value: Quantity): bigint {
  return isWhole(value) ? value.nanos / nanosPerUnit : fail('cannot convert value to integer')
}

const of = (value: Quantity): CelQuantity => new CelQuantity(value)
const units = (value: CelValue | undefined): Quantity => quantityOfUnits(value as bigint)

export const quantityFunctions: readonly CelOverload[] = [
  declare('quantity(string) kubernetes.Quantity', 'string_to_quantity', ([text]) => toQuantity(text as string)),
  declare('isQuantity(string) bool', 'is_quantity_string', ([text]) => tryParseQuantity(text as string) !== undefined),
  declare('sign(kubernetes.Quantity) int', 'quantity_sign', ([value]) => signOf(quantity(value))),
  declare('.sign(kubernetes.Quantity) int', 'quantity_sign', ([value]) => signOf(quantity(value))),
  declare(
    '.isGreaterThan(kubernetes.Quantity, kubernetes.Quantity) bool',
    'quantity_is_greater_than',
    ([left, right]) => compareQuantities(quantity(left), quantity(right)) > 0,
  ),
  declare(
    '.isLessThan(kubernetes.Quantity, kubernetes.Quantity) bool',
    'quantity_is_less_than',
    ([left, right]) => compareQuantities(quantity(left), quantity(right)) < 0,
  ),
  declare('.compareTo(kubernetes.Quantity, kubernetes.Quantity) int', 'quantity_compare_to', ([left, right]) =>
    BigInt(Math.sign(compareQuantities(quantity(left), quantity(right)))),
  ),
  declare(
    '.asApproximateFloat(kubernetes.Quantity) double',
    'quantity_get_float',
    ([value]) => Number(quantity(value).nanos) / 1e9,
  ),
  declare('.asInteger(kubernetes.Quantity) int', 'quantity_get_int', ([value]) => integer(quantity(value))),
  declare('.isInteger(kubernetes.Quantity) bool', 'quantity_is_integer', ([value]) => isWhole(quantity(value))),
  declare('.add(kubernetes.Quantity, kubernetes.Quantity) kubernetes.Quantity', 'quantity_add', ([left, right]) =>
    of(addQuantities(quantity(left), quantity(right))),
  ),
  declare('.add(kubernetes.Quantity, int) kubernetes.Quantity', 'quantity_add_int', ([left, right]) =>
    of(addQuantities(quantity(left), units(right))),
  ),
  declare('.sub(kubernetes.Quantity, kubernetes.Quantity) kubernetes.Quantity', 'quantity_sub', ([left, right]) =>
    of(subtractQuantities(quantity(left), quantity(right))),
  ),
  declare('.sub(kubernetes.Quantity, int) kubernetes.Quantity', 'quantity_sub_int', ([left, right]) =>
    of(subtractQuantities(quantity(left), units(right))),
  ),
]
