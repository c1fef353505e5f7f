/** Parser directives: `# escape=`, `# syntax=`, `# check=` at the very top of a Dockerfile. */
import { failedToParse } from './errors.ts'
import { goQuote } from '#base/data/go-quote.ts'

export interface Directives {
  /** The escape character: backslash or backtick. */
  readonly escape: string
  readonly syntax: string | undefined
  readonly check: string | undefined
}

const known = new Set(['escape', 'syntax', 'check'])

/** Reads the directives of a file. They end at the first line that is none. Throws `invalid` for a wrong or repeated one. */
export function parseDirectives(lines: readonly string[]): Directives {
  const found = readDirectives(lines)
  const escape = found.get('escape') ?? '\\'
  if (escape !== '\\' && escape !== '`')
    throw failedToParse(`invalid escape token '${unquoted(escape)}' does not match \` or \\`)
  return { escape, syntax: found.get('syntax'), check: found.get('check') }
}

function readDirectives(lines: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [index, line] of lines.entries()) {
    if (index === 0 && line.startsWith('#!')) continue
    const match = /^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$/.exec(line)
    if (match === null) break
    const name = (match[1] ?? '').toLowerCase()
    if (!known.has(name)) break
    if (found.has(name)) throw failedToParse(`only one ${name} parser directive can be used`)
    found.set(name, match[2] ?? '')
  }
  return found
}

function unquoted(text: string): string {
  return goQuote(text).slice(1, -1)
}
