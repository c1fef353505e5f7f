/**
 * Cuts a Dockerfile into statements: comments dropped, continued lines joined, flags taken off, here-documents read.
 * Says nothing about what the statements mean.
 */
import { parseDirectives } from './directives.ts'
import type { Directives } from './directives.ts'
import { failedToParse } from './errors.ts'
import { heredocMarkers, readHeredocs } from './heredoc.ts'
import type { Heredoc } from './heredoc.ts'
import { splitFlags } from './split-words.ts'

export interface Statement {
  /** Lower case. */
  readonly keyword: string
  /** `--name=value` words in front of the arguments, unquoted. */
  readonly flags: readonly string[]
  /** The arguments, trimmed. */
  readonly rest: string
  /** The whole statement as the file has it, continued lines joined. */
  readonly original: string
  /** First and last line, counted from 1. */
  readonly startLine: number
  readonly endLine: number
  readonly heredocs: readonly Heredoc[]
}

export interface StatementFile {
  readonly directives: Directives
  readonly statements: readonly Statement[]
  /** Texts for the user, as Docker prints them. */
  readonly warnings: readonly string[]
}

/** Largest Dockerfile read, in bytes, and the most statements in it. */
export const dockerfileBytesMax: number = 4 * 1024 * 1024
const statementsMax = 10_000

const withHeredocs = new Set(['add', 'copy', 'run'])

/** Reads the statements of a file. Throws `invalid` ("failed to parse Dockerfile: …"). */
export function readStatements(text: string): StatementFile {
  if (text.length > dockerfileBytesMax) throw failedToParse(`the file is larger than ${dockerfileBytesMax} bytes`)
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
  const directives = parseDirectives(lines)
  const statements: Statement[] = []
  const warned: string[] = []
  for (let at = 0; at < lines.length;) {
    const joined = joinLines(lines, at, directives.escape)
    if (joined.text.trim() !== '') {
      if (joined.emptyContinuation) warned.push(joined.text)
      const statement = readStatement(joined.text, { lines, start: at, next: joined.next, escape: directives.escape })
      statements.push(statement)
      at = statement.endLine
    } else at = joined.next
    if (statements.length > statementsMax) throw failedToParse(`the file has more than ${statementsMax} instructions`)
  }
  if (statements.length === 0) throw failedToParse('file with no instructions')
  return { directives, statements, warnings: emptyContinuationWarnings(warned) }
}

/** One statement from a single line (an ONBUILD trigger, a `--change`). */
export function statementOf(line: string, escape: string, startLine: number): Statement {
  return readStatement(line, { lines: [], start: startLine - 1, next: startLine, escape })
}

interface Place {
  readonly lines: readonly string[]
  readonly start: number
  readonly next: number
  readonly escape: string
}

function readStatement(text: string, { lines, start, next, escape }: Place): Statement {
  const match = /^(\S+)(?:\s+([\s\S]*))?$/.exec(text.trim())
  const keyword = (match?.[1] ?? '').toLowerCase()
  const { flags, rest } = splitFlags(match?.[2] ?? '', escape)
  const base = { keyword, flags, rest, original: text.trimStart(), startLine: start + 1, endLine: next }
  const markers = withHeredocs.has(keyword) && lines.length > 0 ? heredocMarkers(rest, escape) : []
  if (markers.length === 0) return { ...base, heredocs: [] }
  const read = readHeredocs(markers, lines, next)
  if ('unterminated' in read) throw failedToParse(`unterminated heredoc ${read.unterminated}`)
  return { ...base, endLine: read.next, heredocs: read.heredocs }
}

/** Joins the lines of one statement; blank text when the line holds none. */
function joinLines(
  lines: readonly string[],
  start: number,
  escape: string,
): { text: string; next: number; emptyContinuation: boolean } {
  const first = lines[start] ?? ''
  const opening = isComment(first) ? '' : first.trimStart()
  if (opening === '') return { text: '', next: start + 1, emptyContinuation: false }
  let { text, continues } = cutContinuation(opening, escape)
  let emptyContinuation = false
  let at = start + 1
  for (; continues && at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (isComment(line)) continue
    if (line.trim() === '') {
      // The last line of the file is empty when the file ends in a line feed: that is no line.
      emptyContinuation ||= at < lines.length - 1
      continue
    }
    const cut = cutContinuation(line, escape)
    text += cut.text
    continues = cut.continues
  }
  return { text, next: at, emptyContinuation }
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#')
}

function cutContinuation(line: string, escape: string): { text: string; continues: boolean } {
  const trimmed = line.replace(/[ \t]+$/, '')
  return trimmed.endsWith(escape) ? { text: trimmed.slice(0, -1), continues: true } : { text: line, continues: false }
}

function emptyContinuationWarnings(found: readonly string[]): string[] {
  if (found.length === 0) return []
  return [
    '[WARNING]: Empty continuation line found in:',
    ...found.map((text) => `    ${text}`),
    '[WARNING]: Empty continuation lines will become errors in a future release.',
  ]
}
