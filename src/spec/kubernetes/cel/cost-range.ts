/** Ranges of sizes and costs and their arithmetic, which stops at 2^64 as upstream's does. */

/** At least and at most. */
export interface CostRange {
  readonly min: number
  readonly max: number
}

const unlimited = 2 ** 64

const cap = (value: number): number => (value < unlimited ? value : unlimited)

/** A size of which nothing is known. */
export const anySize: CostRange = { min: 0, max: unlimited }

/** Exactly so much. */
export function exactly(value: number): CostRange {
  return { min: value, max: value }
}

/** The sum. */
export function plus(...ranges: readonly CostRange[]): CostRange {
  let min = 0
  let max = 0
  for (const range of ranges) {
    min += range.min
    max += range.max
  }
  return { min: cap(min), max: cap(max) }
}

/** The product. */
export function times(left: CostRange, right: CostRange): CostRange {
  return { min: product(left.min, right.min), max: product(left.max, right.max) }
}

const product = (left: number, right: number): number => (left === 0 || right === 0 ? 0 : cap(left * right))

/** So many times as much, rounded up. */
export function scaled(range: CostRange, factor: number): CostRange {
  return { min: cap(Math.ceil(range.min * factor)), max: cap(Math.ceil(range.max * factor)) }
}

/** What holds both. */
export function union(left: CostRange, right: CostRange): CostRange {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) }
}
