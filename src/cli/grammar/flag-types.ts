/** The kinds of values flags take: how each reads its text, what help calls it, Go's words for what is wrong. */
import { readGoBool } from '#base/data/go-bool.ts'
import { parseDuration, parseMemory } from '#cli/output/human-units.ts'

export type FlagKind =
  | 'bool'
  | 'string'
  | 'list'
  | 'strings'
  | 'int'
  | 'uint16'
  | 'bytes'
  | 'duration'
  | 'decimal'
  | 'filter'
  | 'map'

export interface FlagSpec {
  readonly name: string
  readonly short?: string
  readonly kind: FlagKind
  readonly help: string
  /** Shown in place of the kind (`mount`, `ulimit`). */
  readonly placeholder?: string
  readonly default?: string
  /** Accepted but not shown. */
  readonly hidden?: boolean
  /** Refuses a value; returns what to say after `invalid argument … flag: `. */
  readonly check?: (value: string) => string | undefined
  /** The words that completion offers. */
  readonly choices?: readonly string[]
}

const integerLimits: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int: [-(2n ** 63n), 2n ** 63n - 1n],
  uint16: [0n, 65_535n],
}

function checkInteger(kind: 'int' | 'uint16', text: string): string | undefined {
  const parser = kind === 'int' ? 'strconv.ParseInt' : 'strconv.ParseUint'
  if (!(kind === 'int' ? /^[+-]?\d+$/ : /^\d+$/).test(text)) return `${parser}: parsing "${text}": invalid syntax`
  const value = BigInt(text.replace(/^\+/, ''))
  const [least, most] = integerLimits[kind] ?? [0n, 0n]
  return value < least || value > most ? `${parser}: parsing "${text}": value out of range` : undefined
}

function durationProblem(text: string): string | undefined {
  if (parseDuration(text) !== undefined) return undefined
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)
    ? `time: missing unit in duration "${text}"`
    : `time: invalid duration "${text}"`
}

/** What each kind of value must look like; kinds that take any text are missing. */
const kindChecks: Readonly<Partial<Record<FlagKind, (text: string, flag: FlagSpec) => string | undefined>>> = {
  bool: (text) => (readGoBool(text) === undefined ? `strconv.ParseBool: parsing "${text}": invalid syntax` : undefined),
  int: (text) => checkInteger('int', text),
  uint16: (text) => checkInteger('uint16', text),
  bytes: (text, flag) =>
    parseMemory(text) === undefined && !(flag.name === 'memory-swap' && text === '-1')
      ? `invalid size: '${text}'`
      : undefined,
  duration: durationProblem,
  decimal: (text) =>
    /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text) ? undefined : `failed to parse ${text} as a rational number`,
  filter: (text) =>
    text === '' || text.includes('=') ? undefined : 'invalid argument: bad format of filter (expected name=value)',
}

/** What is wrong with a flag's value, or undefined. */
export function valueProblem(flag: FlagSpec, text: string): string | undefined {
  return kindChecks[flag.kind]?.(text, flag) ?? flag.check?.(text)
}

/** True when giving the flag again adds to it instead of replacing it. */
export function repeats(flag: FlagSpec): boolean {
  return flag.kind === 'list' || flag.kind === 'strings' || flag.kind === 'filter' || flag.kind === 'map'
}
