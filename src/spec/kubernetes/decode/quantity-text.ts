/** Quantities as decoded objects hold them: the canonical text upstream writes (apimachinery `resource.Quantity`, v1.36). */
import { GantryError } from '#base/errors/gantry-error.ts'
import { formatQuantity, parseQuantity, tryParseQuantity } from '#base/data/quantity.ts'

// Nearly every written quantity: no digits to shift, no unit to change.
const plainForm = /^([1-9][0-9]{0,8})(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/
const regexForm = /^[+-]?[0-9.]+[eEinumkKMGTP]*[-+]?[0-9]*$/
const numberForm = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)/

/**
 * The canonical text of a written quantity. Throws `KUBERNETES_QUANTITY` (or base's error) with upstream's sentence, which
 * differs for a number behind which an unknown unit stands.
 */
export function canonicalQuantity(text: string): string {
  const plain = plainForm.exec(text)
  if (plain !== null) {
    const base = plain[2]?.endsWith('i') === true ? 1024 : 1000
    if (Number(plain[1]) % base !== 0) return text
  }
  const value = tryParseQuantity(text)
  if (value !== undefined) return formatQuantity(value)
  const rest = regexForm.test(text) ? text.replace(numberForm, '') : ''
  if (rest === '' || rest.startsWith('.')) return formatQuantity(parseQuantity(text))
  throw new GantryError('KUBERNETES_QUANTITY', 'invalid', "unable to parse quantity's suffix", {
    details: { value: text },
    remedy: 'Write amounts like 500m, 2 or 64Mi.',
  })
}

/** The canonical quantity rounded up to thousandths, as resource lists keep them. */
export function roundedToMilli(canonical: string): string {
  if (!/[nu]$|e-/.test(canonical)) return canonical
  const { nanos, format } = parseQuantity(canonical)
  const rest = nanos % 1_000_000n
  if (rest === 0n) return canonical
  return formatQuantity({ nanos: nanos - rest + (nanos > 0n ? 1_000_000n : -1_000_000n), format })
}
