/** Sums of what several containers or pods use. Pure. */
import { addQuantities, formatQuantity, parseQuantity } from '#base/data/quantity.ts'

/** Quantities by resource: `cpu`, `memory`. */
export type Amounts = Readonly<Record<string, string>>

/** Resource by resource. @throws GantryError for text that is no quantity. */
export function addAmounts(amounts: Iterable<Amounts>): Amounts {
  const sums = new Map<string, ReturnType<typeof parseQuantity>>()
  for (const one of amounts) {
    for (const [resource, text] of Object.entries(one)) {
      const known = sums.get(resource)
      const quantity = parseQuantity(text)
      sums.set(resource, known === undefined ? quantity : addQuantities(known, quantity))
    }
  }
  return Object.fromEntries(Array.from(sums, ([resource, sum]) => [resource, formatQuantity(sum)]))
}
