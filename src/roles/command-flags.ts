/** Flags of Gantry's own commands: `--name value`, `--name=value` and switches, with the mistakes named; pure. */
import { GantryError } from '#base/errors/gantry-error.ts'

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

/** Reads `argv`. @throws GantryError for flags there are not, missing values and words too many. */
export function readFlags(shape: FlagShape, argv: readonly string[]): CommandFlags {
  const values = new Map<string, string[]>()
  const switches = new Set<string>()
  const words: string[] = []
  const wrong = (message: string): GantryError =>
    new GantryError('ROLES_USAGE', 'invalid', message, { remedy: `See 'gantry ${shape.command} --help'.` })
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? ''
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const typed = equals === -1 ? word : word.slice(0, equals)
    const name = (shorthands[typed] ?? typed).replace(/^--/, '')
    if (!word.startsWith('-')) words.push(word)
    else if (equals === -1 && (name === 'help' || shape.switches.includes(name))) switches.add(name)
    else if (!shape.valued.includes(name)) throw wrong(`unknown flag: ${typed}`)
    else {
      if (equals === -1) index += 1
      const value = equals === -1 ? argv[index] : word.slice(equals + 1)
      if (value === undefined || value === '') throw wrong(`flag needs an argument: ${typed}`)
      values.set(name, [...(values.get(name) ?? []), value])
    }
  }
  if (words.length > (shape.wordsMax ?? 0)) throw wrong(`unexpected word: ${words.at(shape.wordsMax ?? 0)}`)
  return { values, switches, words }
}

/** The last value given for a flag. */
export function lastValue(flags: CommandFlags, name: string): string | undefined {
  return flags.values.get(name)?.at(-1)
}
