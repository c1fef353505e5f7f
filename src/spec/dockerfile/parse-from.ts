/** FROM. */
import { parseErrorAt } from './errors.ts'
import { goQuote } from '#base/data/go-quote.ts'
import type { FromInstruction } from './instruction-types.ts'
import { readFlags } from './read-flags.ts'
import type { Statement } from './read-statements.ts'

/** Parses FROM. Throws `invalid` for wrong counts of words and for names that no stage can have. */
export function parseFrom(statement: Statement): FromInstruction {
  const words = statement.rest.split(/\s+/).filter((word) => word !== '')
  const named = words.length === 3 && words[1]?.toLowerCase() === 'as'
  if (words.length !== 1 && !named)
    throw parseErrorAt(statement.startLine, 'FROM requires either one or three arguments')
  const name = named ? (words[2] ?? '') : ''
  if (named && !/^[a-z][a-z0-9\-_.]*$/.test(name.toLowerCase())) {
    throw parseErrorAt(
      statement.startLine,
      `invalid name for build stage: ${goQuote(name)}, name can't start with a number or contain symbols`,
    )
  }
  return {
    kind: 'from',
    original: statement.original,
    line: statement.startLine,
    base: words[0] ?? '',
    name: name.toLowerCase(),
    platform: readFlags(statement).get('platform')?.[0] ?? '',
  }
}
