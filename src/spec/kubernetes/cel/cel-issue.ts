/** What is wrong with an expression's text, and how upstream shows it: the place, the line, and a mark under it. */
import { issuesMax } from './cel-limits.ts'

/** One problem. */
export interface CelIssue {
  /** Where, in UTF-16 units from the start. */
  readonly at: number
  readonly message: string
}

/** Thrown by the parser where it cannot go on. */
export class CelSyntaxError extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** All problems as upstream prints them, in the order of their places. */
export function issuesText(text: string, issues: readonly CelIssue[]): string {
  const sorted = issues.toSorted((left, right) => left.at - right.at)
  const shown = sorted.slice(0, issuesMax).map((issue) => issueText(text, issue))
  if (sorted.length > issuesMax) shown.push(`${sorted.length - issuesMax} more errors were truncated`)
  return shown.join('\n')
}

function issueText(text: string, { at, message }: CelIssue): string {
  const before = text.slice(0, at)
  const lineStart = before.lastIndexOf('\n') + 1
  const lineNumber = before.split('\n').length
  const lineEnd = text.indexOf('\n', at)
  const line = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).replaceAll('\t', ' ')
  const points = Array.from(text.slice(lineStart, at))
  const marks = points.map((point) => (isWide(point) ? '．' : '.')).join('')
  const under = Array.from(text.slice(at, at + 2))[0]
  const mark = under !== undefined && isWide(under) ? '＾' : '^'
  return `ERROR: <input>:${lineNumber}:${points.length + 1}: ${message}\n | ${line}\n | ${marks}${mark}`
}

const isWide = (point: string): boolean => (point.codePointAt(0) ?? 0) > 0x7f
