/**
 * Quantities as text: the canonical form upstream writes (apimachinery `resource.Quantity`, v1.36). Values are kept exact
 * in billionths; what is finer is rounded away from zero, what is larger than int64 is capped.
 */
import { GantryError } from '#base/errors/gantry-error.ts'

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const pattern = /^([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[eEinumkKMGTP]*)(?:[-+]?[0-9]*))$/
const decimalExponents: Readonly<Record<string, number>> = {
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
const binaryPowers: Readonly<Record<string, number>> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 }
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const nano = 1_000_000_000n
const cap = 9_223_372_036_854_775_807n * nano

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** An exact amount in billionths of the unit, and how it was written. */
export interface QuantityValue {
  readonly nanos: bigint
  readonly format: QuantityFormat
}

function wrong(message: string, text: string): GantryError {
  return new GantryError('KUBERNETES_QUANTITY', 'invalid', message, {
    details: { value: text },
    remedy: 'Write amounts like 500m, 2 or 64Mi.',
  })
}

function suffixOf(suffix: string): { format: QuantityFormat; base: bigint; power: number } | undefined {
  const binary = binaryPowers[suffix]
  if (binary !== undefined) return { format: 'BinarySI', base: 1024n, power: binary }
  const decimal = decimalExponents[suffix]
  if (decimal !== undefined) return { format: 'DecimalSI', base: 10n, power: decimal }
  const exponent = /^[eE]([-+]?\d+)$/.exec(suffix)
  return exponent === null ? undefined : { format: 'DecimalExponent', base: 10n, power: Number(exponent[1]) }
}

/** Divides rounding away from zero. */
function divideUp(value: bigint, by: bigint): bigint {
  const whole = value / by
  if (whole * by === value) return whole
  return value < 0n ? whole - 1n : whole + 1n
}

interface WrittenNumber {
  readonly negative: boolean
  readonly whole: string
  readonly fraction: string
  readonly suffix: string
}

function splitQuantity(text: string): WrittenNumber {
  const match = text.length > 512 ? null : pattern.exec(text)
  if (match === null) throw wrong(formatWrong, text)
  const [, sign, whole = '', fraction = '', suffix = ''] = match
  if (whole === '' && fraction === '') throw wrong(formatWrong, text)
  return { negative: sign === '-', whole, fraction, suffix }
}

/** Reads a quantity. Throws `KUBERNETES_QUANTITY` with upstream's sentence. */
export function parseQuantity(text: string): QuantityValue {
  const { negative, whole, fraction, suffix } = splitQuantity(text)
  const unit = suffixOf(suffix)
  if (unit === undefined) throw wrong("unable to parse quantity's suffix", text)
  // Beyond this the value is zero or capped whatever the digits are; a huge exponent must not build a huge number.
  const power = unit.base === 10n ? Math.min(Math.max(unit.power, -700), 700) : unit.power
  const digits = BigInt(`${whole}${fraction}`) * nano
  const scaled = power >= 0 ? digits * unit.base ** BigInt(power) : digits
  const nanos = divideUp(scaled, 10n ** BigInt(fraction.length + (power < 0 ? -power : 0)))
  const capped = nanos > cap ? cap : nanos
  return { nanos: negative ? -capped : capped, format: unit.format }
}

function formatDecimal(nanos: bigint, exponentForm: boolean): string {
  let mantissa = nanos
  let step = 0
  while (step < decimalSuffixes.length - 1 && mantissa % 1000n === 0n) {
    mantissa /= 1000n
    step++
  }
  const exponent = (step - 3) * 3
  if (exponentForm) return exponent === 0 ? String(mantissa) : `${mantissa}e${exponent}`
  return `${mantissa}${decimalSuffixes[step] ?? ''}`
}

/** The canonical text of an amount. */
export function formatQuantity({ nanos, format }: QuantityValue): string {
  if (nanos === 0n) return '0'
  const small = nanos > -1024n * nano && nanos < 1024n * nano
  if (format !== 'BinarySI' || small) return formatDecimal(nanos, format === 'DecimalExponent')
  let mantissa = divideUp(nanos, nano)
  let step = 0
  while (step < binarySuffixes.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n
    step++
  }
  return `${mantissa}${binarySuffixes[step] ?? ''}`
}

const plainForm = /^([1-9][0-9]{0,8})(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/

/** The canonical text of a written quantity. Throws as `parseQuantity`. */
export function canonicalQuantity(text: string): string {
  const plain = plainForm.exec(text)
  if (plain !== null) {
    const base = plain[2]?.endsWith('i') === true ? 1024 : 1000
    if (Number(plain[1]) % base !== 0) return text
  }
  return formatQuantity(parseQuantity(text))
}
