/** The `--flags` of instructions: which exist, and their values. */
import { parseErrorAt } from './errors.ts'
import type { Statement } from './read-statements.ts'

/** Flags of each instruction; all take a value. `mount` may be given again. */
const flagsByKeyword: Readonly<Record<string, readonly string[]>> = {
  from: ['platform'],
  copy: ['from', 'chown', 'chmod'],
  add: ['chown', 'chmod'],
  run: ['mount'],
  healthcheck: ['interval', 'timeout', 'start-period', 'start-interval', 'retries'],
}
const repeatable = new Set(['mount'])

/** The flags that were given, by name. Throws `invalid` for an unknown, repeated or empty-handed one. */
export function readFlags(statement: Statement): ReadonlyMap<string, readonly string[]> {
  const allowed = flagsByKeyword[statement.keyword] ?? []
  const values = new Map<string, string[]>()
  for (const flag of statement.flags) {
    const equals = flag.indexOf('=')
    const name = flag.slice(2, equals < 0 ? undefined : equals)
    if (!allowed.includes(name)) throw parseErrorAt(statement.startLine, `Unknown flag: ${name}`)
    const earlier = values.get(name)
    if (earlier !== undefined && !repeatable.has(name))
      throw parseErrorAt(statement.startLine, `Duplicate flag specified: ${name}`)
    if (equals < 0) throw parseErrorAt(statement.startLine, `Missing a value on flag: ${name}`)
    values.set(name, [...(earlier ?? []), flag.slice(equals + 1)])
  }
  return values
}
