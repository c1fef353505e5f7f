/**
 * Kubernetes resource quantities (`100m`, `1.5Gi`, `2e3`), exact: an integer count of nano-units. Parsing, canonical
 * form, arithmetic and comparison as apimachinery's resource.Quantity defines them.
 */
import { GantryError } from '#base/errors/gantry-error.ts'

/** How a quantity is written: powers of 1024, of 1000, or with an exponent. */
export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent'

/** An exact amount. */
export interface Quantity {
  /** The amount times 10^9. */
  readonly nanos: bigint
  readonly format: QuantityFormat
}

const nanosPerUnit = 1_000_000_000n
/** Powers of ten by suffix. */
export const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}
const binaryExponents: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n }
/** Nano-units in one of a suffix. */
const nanosPerSuffix: Readonly<Record<string, bigint>> = {
  ...Object.fromEntries(Object.entries(decimalExponents).map(([suffix, power]) => [suffix, 10n ** BigInt(power + 9)])),
  ...Object.fromEntries(Object.entries(binaryExponents).map(([suffix, shift]) => [suffix, nanosPerUnit << shift])),
}
/** Numbers of so many digits are exact in a double. */
const plainDigitsMax = 15
const shape = /^([+-]?)(\d*)(?:\.(\d*))?(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d{1,9}))?$/

/** Amounts are capped at 2^63-1 units, as Kubernetes caps them. */
const nanosMax = ((1n << 63n) - 1n) * nanosPerUnit

/**
 * Parses a quantity. Digits below a nano-unit round up (away from zero), amounts above 2^63-1 are capped.
 * @throws GantryError DATA_QUANTITY_INVALID with Kubernetes' wording.
 */
export function parseQuantity(text: string): Quantity {
  return plainQuantity(text) ?? anyQuantity(text)
}

/** A whole number with or without a suffix, as nearly all are; undefined for other texts. */
function plainQuantity(text: string): Quantity | undefined {
  let value = 0
  let at = 0
  for (; at < text.length && at <= plainDigitsMax; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  if (at === 0 || at > plainDigitsMax) return undefined
  const suffix = text.slice(at)
  const perOne = Object.hasOwn(nanosPerSuffix, suffix) ? nanosPerSuffix[suffix] : undefined
  if (perOne === undefined) return undefined
  const nanos = BigInt(value) * perOne
  return { nanos: nanos > nanosMax ? nanosMax : nanos, format: suffix.endsWith('i') ? 'BinarySI' : 'DecimalSI' }
}

/** Every form: signs, fractions, exponents. */
function anyQuantity(text: string): Quantity {
  const match = text.length <= 512 ? shape.exec(text) : null
  if (match === null) throw invalidQuantity(text)
  const [, sign, whole = '', fraction = '', suffix = '', exponent] = match
  if (whole === '' && fraction === '') throw invalidQuantity(text)
  const digits = BigInt(`${whole}${fraction}`)
  const shift = binaryExponents[suffix]
  const scale = scaleOf(suffix, exponent)
  const nanos =
    shift === undefined ? scaleUp(digits, 9 + scale - fraction.length) : scaleUp(digits << shift, 9 - fraction.length)
  const capped = nanos > nanosMax ? nanosMax : nanos
  return { nanos: sign === '-' ? -capped : capped, format: formatOf(shift, exponent) }
}

function scaleOf(suffix: string, exponent: string | undefined): number {
  return exponent === undefined ? (decimalExponents[suffix] ?? 0) : Number(exponent)
}

function formatOf(shift: bigint | undefined, exponent: string | undefined): QuantityFormat {
  if (shift !== undefined) return 'BinarySI'
  return exponent === undefined ? 'DecimalSI' : 'DecimalExponent'
}

/** The quantity, or undefined for text that is none. */
export function tryParseQuantity(text: string): Quantity | undefined {
  try {
    return parseQuantity(text)
  } catch (error) {
    if (error instanceof GantryError) return undefined
    throw error
  }
}

/** `digits` × 10^power, what falls below one rounded up. */
function scaleUp(digits: bigint, power: number): bigint {
  if (digits === 0n) return 0n
  // Beyond these the result is the cap or one nano-unit anyway; the bound keeps a hostile exponent cheap.
  if (power > 60) return nanosMax + 1n
  if (power >= 0) return digits * 10n ** BigInt(power)
  if (power < -1200) return 1n
  const divisor = 10n ** BigInt(-power)
  return (digits + divisor - 1n) / divisor
}

function invalidQuantity(text: string): GantryError {
  const message = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
  return new GantryError('DATA_QUANTITY_INVALID', 'invalid', message, {
    remedy: `Write ${JSON.stringify(text.slice(0, 80))} as a number with a unit such as 100m, 2, 512Mi or 1Gi.`,
  })
}

const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** The canonical form: no fraction, the largest unit that needs none; binary amounts below 1024 or with a fraction are written decimally. */
export function formatQuantity(quantity: Quantity): string {
  const negative = quantity.nanos < 0n
  const nanos = negative ? -quantity.nanos : quantity.nanos
  if (nanos === 0n) return '0'
  const isBinary = quantity.format === 'BinarySI' && nanos >= 1024n * nanosPerUnit && nanos % nanosPerUnit === 0n
  return (negative ? '-' : '') + (isBinary ? formatBinary(nanos / nanosPerUnit) : formatDecimal(nanos, quantity.format))
}

function formatBinary(units: bigint): string {
  let amount = units
  let step = 0
  while (amount % 1024n === 0n && step < binarySuffixes.length - 1) {
    amount /= 1024n
    step++
  }
  return `${amount}${binarySuffixes[step]}`
}

function formatDecimal(nanos: bigint, format: QuantityFormat): string {
  let amount = nanos
  let step = 0
  while (amount % 1000n === 0n && step < decimalSuffixes.length - 1) {
    amount /= 1000n
    step++
  }
  if (format !== 'DecimalExponent') return `${amount}${decimalSuffixes[step]}`
  return step === 3 ? String(amount) : `${amount}e${step * 3 - 9}`
}

/** Below, equal or above zero as `a` compares to `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
}

/** The sum, written as `a` is (as `b` where `a` is zero). */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format }
}

/** The difference, written as `a` is (as `b` where `a` is zero). */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format }
}

/** Whole units, rounded up (bytes of memory). */
export function quantityUnits(quantity: Quantity): bigint {
  return divideUp(quantity.nanos, nanosPerUnit)
}

/** Thousandths, rounded up (CPU). */
export function quantityMillis(quantity: Quantity): bigint {
  return divideUp(quantity.nanos, 1_000_000n)
}

function divideUp(value: bigint, by: bigint): bigint {
  const floor = value / by
  if (value % by === 0n) return floor
  return value > 0n ? floor + 1n : floor - 1n
}

/** A quantity of whole units. */
export function quantityOfUnits(units: bigint | number, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nanos: BigInt(units) * nanosPerUnit, format }
}
