/**
 * Quantities as decoded objects hold them (apimachinery `resource.Quantity`, v1.36): mostly canonical text. Upstream keeps
 * what was written when it already is in the largest unit that needs no fraction, down to a leading zero or plus sign.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { decimalExponents, formatQuantity, parseQuantity } from '#base/data/quantity.ts'

const form = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }

/** Power of ten of a decimal suffix (`k`, `e3`), undefined for others. */
function decimalExponent(suffix: string): number | undefined {
  const exponent = /^[eE]([-+]?[0-9]{1,9})$/.exec(suffix)?.[1]
  return exponent === undefined ? decimalExponents[suffix] : Number(exponent)
}

/** True for a number of units in whose place neither a larger unit nor the largest amount stands. */
function isCanonicalBinary(digits: string, power: number): boolean {
  const amount = Number(digits)
  return amount % 1024 !== 0 && amount < 2 ** Math.min(63 - power, 53)
}

/** True when upstream's short way of reading applies and it keeps the text. */
function keepsBinary(digits: string, fraction: string, power: number): boolean {
  const room = 15 - digits.length - Math.trunc((power * 3) / 10) - 1
  return fraction === '' && room >= 0 && (Number(digits) & 7) !== 0
}

function keepsDecimal(digits: string, fraction: string, exponent: number): boolean {
  const scale = exponent - fraction.length
  const all = digits + fraction
  if (all.length > 18 || scale < -9 || scale % 3 !== 0) return false
  return /^[1-9]/.test(digits) && !all.endsWith('000')
}

function badSuffix(text: string): GantryError {
  return new GantryError('KUBERNETES_QUANTITY', 'invalid', "unable to parse quantity's suffix", {
    details: { value: text },
    remedy: 'Write amounts like 500m, 2 or 64Mi.',
  })
}

interface Written {
  readonly digits: string
  readonly fraction: string
  readonly suffix: string
}

function keeps({ digits, fraction, suffix }: Written, text: string): boolean {
  const binary = binaryExponents[suffix]
  if (binary !== undefined) {
    const isWhole = text.length === digits.length + suffix.length
    return (isWhole && isCanonicalBinary(digits, binary)) || keepsBinary(digits, fraction, binary)
  }
  const decimal = decimalExponent(suffix)
  if (decimal === undefined) throw badSuffix(text)
  return keepsDecimal(digits, fraction, decimal)
}

/** The text of a written quantity. Throws `KUBERNETES_QUANTITY` or base's `DATA_QUANTITY_INVALID`, in upstream's words. */
export function canonicalQuantity(text: string): string {
  const match = text.length > 512 ? null : form.exec(text)
  // Base has the words for text that is no quantity at all.
  if (match === null || text === '') return formatQuantity(parseQuantity(text))
  const [, , digits = '', fraction = '', suffix = ''] = match
  if (keeps({ digits, fraction, suffix }, text)) return text
  return /[1-9]/.test(digits + fraction) ? formatQuantity(parseQuantity(text)) : '0'
}

/** The quantity rounded up to thousandths, as resource lists keep them. */
export function roundedToMilli(written: string): string {
  if (!/[nu.]|e-/.test(written)) return written
  const { nanos, format } = parseQuantity(written)
  const rest = nanos % 1_000_000n
  if (rest === 0n) return written
  return formatQuantity({ nanos: nanos - rest + (nanos > 0n ? 1_000_000n : -1_000_000n), format })
}
