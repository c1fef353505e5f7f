/** Amounts of several resources by name, exact, and their arithmetic. */
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  subtractQuantities,
  type Quantity,
} from './quantity.ts'

/** Amounts by the resource's name. */
export type Amounts = ReadonlyMap<string, Quantity>

/** The amounts of a resource list; anything else has none. */
export function amountsOf(list: unknown): Amounts {
  if (typeof list !== 'object' || list === null) return new Map()
  const entries = Object.entries(list as Readonly<Record<string, unknown>>)
  return new Map(entries.map(([name, text]) => [name, parseQuantity(String(text))]))
}

/** The sum; names of either are in it. */
export function plus(left: Amounts, right: Amounts): Amounts {
  const sum = new Map(left)
  for (const [name, amount] of right) {
    const before = sum.get(name)
    sum.set(name, before === undefined ? amount : addQuantities(before, amount))
  }
  return sum
}

/** The larger amount of each name. */
export function largest(left: Amounts, right: Amounts): Amounts {
  const most = new Map(left)
  for (const [name, amount] of right) {
    const before = most.get(name)
    if (before === undefined || compareQuantities(amount, before) > 0) most.set(name, amount)
  }
  return most
}

/** The difference, never below zero. */
export function minus(left: Amounts, right: Amounts): Amounts {
  return new Map(
    Array.from(left, ([name, amount]): [string, Quantity] => {
      const less = right.get(name)
      const rest = less === undefined ? amount : subtractQuantities(amount, less)
      return [name, rest.nanos < 0n ? { ...rest, nanos: 0n } : rest]
    }),
  )
}

/** Only the amounts of some names. */
export function only(amounts: Amounts, names: Iterable<string>): Amounts {
  const wanted = new Set(names)
  return new Map(Array.from(amounts).filter(([name]) => wanted.has(name)))
}

/** Only amounts that are not zero. */
export function nonZero(amounts: Amounts): Amounts {
  return new Map(Array.from(amounts).filter(([, { nanos }]) => nanos !== 0n))
}

/** Names of which there is more than is allowed; what is not limited may be any amount. */
export function exceeding(amounts: Amounts, limits: Amounts): readonly string[] {
  return Array.from(amounts)
    .filter(([name, amount]) => {
      const limit = limits.get(name)
      return limit !== undefined && compareQuantities(amount, limit) > 0
    })
    .map(([name]) => name)
}

/** Amounts as messages show them: `cpu=1,pods=2`. */
export function amountsText(amounts: Amounts): string {
  return Array.from(amounts.keys())
    .toSorted()
    .map((name) => `${name}=${formatQuantity(amounts.get(name) as Quantity)}`)
    .join(',')
}

/** Amounts as a resource list. */
export function amountsJson(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(Array.from(amounts, ([name, amount]) => [name, formatQuantity(amount)]))
}
