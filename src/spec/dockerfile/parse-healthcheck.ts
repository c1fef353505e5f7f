/** HEALTHCHECK. */
import { readGoDuration } from '#base/data/duration.ts'
import { parseErrorAt } from './errors.ts'
import { goQuote } from '#base/data/go-quote.ts'
import type { HealthcheckInstruction } from './instruction-types.ts'
import { parseCommandLine } from './parse-command-line.ts'
import { readFlags } from './read-flags.ts'
import type { Statement } from './read-statements.ts'

type Flags = ReturnType<typeof readFlags>

/** Parses HEALTHCHECK. Throws `invalid` for wrong types, times and counts. */
export function parseHealthcheck(statement: Statement): HealthcheckInstruction {
  const flags = readFlags(statement)
  const match = /^(\S+)\s*([\s\S]*)$/.exec(statement.rest)
  if (match === null) throw parseErrorAt(statement.startLine, 'HEALTHCHECK requires at least one argument')
  const type = (match[1] ?? '').toUpperCase()
  const rest = match[2] ?? ''
  const command = parseCommandLine(rest)
  if (type === 'NONE' && rest !== '') throw parseErrorAt(statement.startLine, 'HEALTHCHECK NONE takes no arguments')
  if (type !== 'NONE' && type !== 'CMD')
    throw parseErrorAt(statement.startLine, `Unknown type ${goQuote(type)} in HEALTHCHECK (try CMD)`)
  if (type === 'CMD' && command.words.length === 0)
    throw parseErrorAt(statement.startLine, 'Missing command after HEALTHCHECK CMD')
  const nanos = (name: string): number => (type === 'NONE' ? 0 : durationFlag(flags, name, statement.startLine))
  return {
    kind: 'healthcheck',
    original: statement.original,
    line: statement.startLine,
    disabled: type === 'NONE',
    command,
    intervalNanos: nanos('interval'),
    timeoutNanos: nanos('timeout'),
    startPeriodNanos: nanos('start-period'),
    startIntervalNanos: nanos('start-interval'),
    retries: type === 'NONE' ? 0 : retriesFlag(flags, statement.startLine),
  }
}

function durationFlag(flags: Flags, name: string, line: number): number {
  const text = flags.get(name)?.[0] ?? ''
  if (text === '') return 0
  const nanos = readGoDuration(text)
  if (typeof nanos === 'string') throw parseErrorAt(line, nanos)
  if (nanos !== 0n && nanos < 1_000_000n) throw parseErrorAt(line, `Interval ${goQuote(name)} cannot be less than 1ms`)
  return Number(nanos)
}

function retriesFlag(flags: Flags, line: number): number {
  const text = flags.get('retries')?.[0] ?? ''
  if (text === '') return 0
  if (!/^[+-]?\d+$/.test(text)) throw parseErrorAt(line, `strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`)
  const retries = Number(text)
  if (!Number.isSafeInteger(retries) || retries > 2 ** 31 - 1)
    throw parseErrorAt(line, `strconv.ParseInt: parsing ${goQuote(text)}: value out of range`)
  if (retries < 1) throw parseErrorAt(line, `--retries must be at least 1 (not ${retries})`)
  return retries
}
