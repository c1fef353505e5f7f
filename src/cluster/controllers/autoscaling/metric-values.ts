/** Values of metrics as the autoscaler reckons with them: thousandths of a unit, each pod's with its time. Pure. */
import {
  formatQuantity,
  parseQuantity,
  type QuantityFormat,
  quantityMillis,
  tryParseQuantity,
} from '#base/data/quantity.ts'

const nanosPerMilli = 1_000_000n

/** What one pod uses of something. */
export interface PodValue {
  readonly milli: number
  readonly timestampMs: number
  /** The span that the value was measured over. */
  readonly windowMs: number
}

/** Values by pod name. */
export type PodValues = ReadonlyMap<string, PodValue>

/** Thousandths of a quantity in text, rounded up; 0 for text that is none. */
export function milliOf(text: string | undefined): number {
  return Number(quantityMillis(tryParseQuantity(text ?? '0') ?? parseQuantity('0')))
}

/** Thousandths as a quantity; memory is written in powers of 1024. */
export function quantityOfMilli(milli: number, resource = ''): string {
  const format: QuantityFormat = resource === 'memory' ? 'BinarySI' : 'DecimalSI'
  return formatQuantity({ nanos: BigInt(milli) * nanosPerMilli, format })
}

/** Sum of the values. */
export function totalOf(values: PodValues): number {
  let total = 0
  for (const { milli } of values.values()) total += milli
  return total
}
