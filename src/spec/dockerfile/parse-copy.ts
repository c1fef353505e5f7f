/** COPY and ADD. */
import { parseErrorAt } from './errors.ts'
import type { CopyInstruction } from './instruction-types.ts'
import { parseJsonForm } from './json-form.ts'
import { readFlags } from './read-flags.ts'
import type { Statement } from './read-statements.ts'

/** Parses COPY or ADD. Throws `invalid` when there is no destination. */
export function parseCopy(statement: Statement): CopyInstruction {
  const flags = readFlags(statement)
  const form = parseJsonForm(statement.rest)
  const words = form.kind === 'array' ? form.items : statement.rest.split(/\s+/).filter((word) => word !== '')
  const destination = words.at(-1)
  if (destination === undefined || words.length < 2) {
    throw parseErrorAt(
      statement.startLine,
      `${statement.keyword.toUpperCase()} requires at least two arguments, but only one was provided. Destination could not be determined`,
    )
  }
  return {
    kind: statement.keyword === 'add' ? 'add' : 'copy',
    original: statement.original,
    line: statement.startLine,
    sources: words.slice(0, -1),
    heredocs: statement.heredocs,
    destination,
    from: flags.get('from')?.[0] ?? '',
    chown: flags.get('chown')?.[0] ?? '',
    chmod: flags.get('chmod')?.[0] ?? '',
  }
}
