/**
 * The unified difference that upstream adds to messages about forbidden changes: both values as indented JSON of the
 * internal types, compared line by line with three lines of context (Ratcliff-Obershelp matching, as difflib does it).
 */
import { withHtmlEscaped } from './go-value.ts'
import { internalForm } from './internal-value.ts'

interface Match {
  readonly a: number
  readonly b: number
  readonly size: number
}
type Lines = readonly string[]
type Positions = ReadonlyMap<string, readonly number[]>
interface Range {
  readonly aFrom: number
  readonly aTo: number
  readonly bFrom: number
  readonly bTo: number
}

function positionsOf(b: Lines): Positions {
  const positions = new Map<string, number[]>()
  for (const [index, line] of b.entries()) positions.set(line, [...(positions.get(line) ?? []), index])
  // Lines that are very common say nothing about where a match is.
  const popular = b.length >= 200 ? Math.floor(b.length / 100) + 1 : Number.POSITIVE_INFINITY
  for (const [line, at] of positions) if (at.length > popular) positions.delete(line)
  return positions
}

function growBack(found: Match, [a, b]: readonly [Lines, Lines], range: Range): Match {
  let { a: i, b: j, size } = found
  while (i > range.aFrom && j > range.bFrom && a[i - 1] === b[j - 1]) {
    i--
    j--
    size++
  }
  while (i + size < range.aTo && j + size < range.bTo && a[i + size] === b[j + size]) size++
  return { a: i, b: j, size }
}

function longestMatch([a, b]: readonly [Lines, Lines], positions: Positions, range: Range): Match {
  let best: Match = { a: range.aFrom, b: range.bFrom, size: 0 }
  let lengths = new Map<number, number>()
  for (let i = range.aFrom; i < range.aTo; i++) {
    const next = new Map<number, number>()
    for (const j of positions.get(a[i] ?? '') ?? []) {
      if (j < range.bFrom || j >= range.bTo) continue
      const size = (lengths.get(j - 1) ?? 0) + 1
      next.set(j, size)
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size }
    }
    lengths = next
  }
  return growBack(best, [a, b], range)
}

function matchesIn(lines: readonly [Lines, Lines], positions: Positions, range: Range): readonly Match[] {
  if (range.aFrom >= range.aTo || range.bFrom >= range.bTo) return []
  const found = longestMatch(lines, positions, range)
  if (found.size === 0) return []
  return [
    ...matchesIn(lines, positions, { ...range, aTo: found.a, bTo: found.b }),
    found,
    ...matchesIn(lines, positions, { ...range, aFrom: found.a + found.size, bFrom: found.b + found.size }),
  ]
}

interface Change extends Range {
  readonly equal: boolean
}

function changesOf(a: Lines, b: Lines): readonly Change[] {
  const whole = { aFrom: 0, aTo: a.length, bFrom: 0, bTo: b.length }
  const changes: Change[] = []
  let [i, j] = [0, 0]
  for (const match of [...matchesIn([a, b], positionsOf(b), whole), { a: a.length, b: b.length, size: 0 }]) {
    if (i < match.a || j < match.b) changes.push({ equal: false, aFrom: i, aTo: match.a, bFrom: j, bTo: match.b })
    const [aTo, bTo] = [match.a + match.size, match.b + match.size]
    const last = changes.at(-1)
    if (match.size > 0 && last?.equal === true) changes[changes.length - 1] = { ...last, aTo, bTo }
    else if (match.size > 0) changes.push({ equal: true, aFrom: match.a, aTo, bFrom: match.b, bTo })
    ;[i, j] = [aTo, bTo]
  }
  return changes
}

const context = 3

/** Runs of changes that lie within twice the context of each other, with context around them. */
function groupsOf(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups: Change[][] = [[]]
  for (const [index, change] of changes.entries()) {
    const group = groups.at(-1) ?? []
    const size = change.aTo - change.aFrom
    const head = {
      ...change,
      aTo: Math.min(change.aTo, change.aFrom + context),
      bTo: Math.min(change.bTo, change.bFrom + context),
    }
    const tail = {
      ...change,
      aFrom: Math.max(change.aFrom, change.aTo - context),
      bFrom: Math.max(change.bFrom, change.bTo - context),
    }
    const isFirst = index === 0
    const isLast = index === changes.length - 1
    if (!change.equal) group.push(change)
    else if (isFirst) group.push(tail)
    else if (isLast) group.push(head)
    else if (size > 2 * context) {
      group.push(head)
      groups.push([tail])
    } else group.push(change)
  }
  return groups.filter((group) => group.some((change) => !change.equal))
}

function rangeText(from: number, to: number): string {
  const length = to - from
  if (length === 1) return String(from + 1)
  return `${length === 0 ? from : from + 1},${length}`
}

function hunk(group: readonly Change[], a: Lines, b: Lines): string {
  const first = group[0]
  const last = group.at(-1)
  if (first === undefined || last === undefined) return ''
  const header = `@@ -${rangeText(first.aFrom, last.aTo)} +${rangeText(first.bFrom, last.bTo)} @@\n`
  const lines = group.flatMap((change) => {
    if (change.equal) return a.slice(change.aFrom, change.aTo).map((line) => ` ${line}\n`)
    const removed = a.slice(change.aFrom, change.aTo).map((line) => `-${line}\n`)
    return [...removed, ...b.slice(change.bFrom, change.bTo).map((line) => `+${line}\n`)]
  })
  return header + lines.join('')
}

/** Lines of Go's indented JSON: one space a level. */
function linesOf(value: unknown): Lines {
  return withHtmlEscaped(JSON.stringify(value, undefined, 1)).split('\n')
}

/** The difference between two API values of `type` (`core.PodSpec`), empty when they print alike. */
export function internalDiff(type: string, before: unknown, after: unknown): string {
  const a = linesOf(internalForm(before, type))
  const b = linesOf(internalForm(after, type))
  return groupsOf(changesOf(a, b))
    .map((group) => hunk(group, a, b))
    .join('')
}
