/** Lists of completion indexes as jobs write them: `1,3-5,7`, increasing and below the number of completions. */

/** What a list stands for, or what is wrong with it in upstream's words. */
export interface Intervals {
  readonly total: number
  readonly ranges: readonly (readonly [from: number, to: number])[]
  readonly problem?: string
}

function integer(text: string): number | undefined {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined
}

function readInterval(text: string, completions: number): readonly [number, number] | string {
  const parts = text.split('-')
  if (parts.length > 2) {
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`
  }
  const numbers: number[] = []
  for (const part of parts) {
    const value = integer(part)
    if (value === undefined) return `cannot convert string to integer for index: ${JSON.stringify(part)}`
    if (value >= completions) return `too large index: ${JSON.stringify(part)}`
    numbers.push(value)
  }
  const [from = 0, to = from] = numbers
  if (parts.length === 2 && from >= to) return `non-increasing order, previous: ${from}, current: ${to}`
  return [from, to]
}

/** Reads a list; empty text is an empty list. */
export function readIntervals(text: string, completions: number): Intervals {
  const ranges: (readonly [number, number])[] = []
  let total = 0
  for (const part of text === '' ? [] : text.split(',')) {
    const interval = readInterval(part, completions)
    if (typeof interval === 'string') return { total: 0, ranges, problem: interval }
    const last = ranges.at(-1)?.[1]
    if (last !== undefined && last >= interval[0]) {
      return { total: 0, ranges, problem: `non-increasing order, previous: ${last}, current: ${interval[0]}` }
    }
    total += interval[1] - interval[0] + 1
    ranges.push(interval)
  }
  return { total, ranges }
}

/** The first index that two lists share. */
export function sharedIndex(a: Intervals, b: Intervals): number | undefined {
  for (const [from, to] of a.ranges) {
    const hit = b.ranges.find(([first, last]) => from <= last && first <= to)
    if (hit !== undefined) return Math.max(from, hit[0])
  }
  return undefined
}
