/** Flags of Gantry's own commands: `--name value`, `--name=value` and switches, with the mistakes named; pure. */
import { usageError } from '#roles/usage-error.ts'

export interface CommandFlags {
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly switches: ReadonlySet<string>
  readonly words: readonly string[]
}

/** What a command takes: names of flags with a value, names of switches, how many words at most. */
export interface FlagShape {
  readonly command: string
  readonly valued: readonly string[]
  readonly switches: readonly string[]
  readonly wordsMax?: number
}

const shorthands: Readonly<Record<string, string>> = { '-G': '--group', '-H': '--host', '-h': '--help' }

function isSwitch(shape: FlagShape, name: string): boolean {
  return name === 'help' || shape.switches.includes(name)
}

function checkValue(shape: FlagShape, typed: string, value: string | undefined): string {
  if (value === undefined || value === '') throw usageError(shape.command, `flag needs an argument: ${typed}`)
  return value
}

/** Reads `argv`. @throws GantryError for flags there are not, missing values and words too many. */
export function readFlags(shape: FlagShape, argv: readonly string[]): CommandFlags {
  const values = new Map<string, string[]>()
  const switches = new Set<string>()
  const words: string[] = []
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? ''
    if (!word.startsWith('-')) {
      words.push(word)
      continue
    }
    const { name, typed, inline } = splitFlag(word)
    if (inline === undefined && isSwitch(shape, name)) {
      switches.add(name)
      continue
    }
    if (!shape.valued.includes(name)) throw usageError(shape.command, `unknown flag: ${typed}`)
    const value = inline ?? argv[(index += 1)]
    values.set(name, [...(values.get(name) ?? []), checkValue(shape, typed, value)])
  }
  if (words.length > (shape.wordsMax ?? 0))
    throw usageError(shape.command, `unexpected word: ${words.at(shape.wordsMax ?? 0)}`)
  return { values, switches, words }
}

/** `--name=value` in its parts; `inline` is undefined without an equals sign. */
function splitFlag(word: string): {
  readonly name: string
  readonly typed: string
  readonly inline: string | undefined
} {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1
  const typed = equals === -1 ? word : word.slice(0, equals)
  const inline = equals === -1 ? undefined : word.slice(equals + 1)
  return { typed, inline, name: (shorthands[typed] ?? typed).replace(/^--/, '') }
}

/** The last value given for a flag. */
export function lastValue(flags: CommandFlags, name: string): string | undefined {
  return flags.values.get(name)?.at(-1)
}
