/** Splits arguments into flags and positionals by the rules of the pflag library (short clusters, `-p=1`, `--`). */
import { readGoBool } from '#base/data/go-bool.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { FlagSpec } from './flag-types.ts'
import { repeats, valueProblem } from './flag-types.ts'
import { Flags } from './flags.ts'

export interface ParsedArguments {
  readonly flags: Flags
  readonly positionals: readonly string[]
}

export interface ParseOptions {
  /** False: the first positional ends the flags, as for `run`, `exec` and `create`. */
  readonly interspersed?: boolean
}

/** Reads `args`. Throws CLI_USAGE with pflag's wording. */
export function parseFlags(
  specs: readonly FlagSpec[],
  args: readonly string[],
  options: ParseOptions = {},
): ParsedArguments {
  const reader = new Reader(specs, args, options.interspersed ?? true)
  return { flags: reader.flags, positionals: reader.run() }
}

function usageFailure(message: string): GantryError {
  return new GantryError('CLI_USAGE', 'invalid', message, { remedy: 'See the command with --help.' })
}

class Reader {
  readonly flags: Flags
  private at = 0
  private readonly specs: readonly FlagSpec[]
  private readonly args: readonly string[]
  private readonly interspersed: boolean

  constructor(specs: readonly FlagSpec[], args: readonly string[], interspersed: boolean) {
    this.specs = specs
    this.args = args
    this.interspersed = interspersed
    this.flags = new Flags(specs)
  }

  run(): readonly string[] {
    const positionals: string[] = []
    while (this.at < this.args.length) {
      const arg = this.args[this.at++] as string
      if (arg === '--') {
        positionals.push(...this.args.slice(this.at))
        break
      }
      if (arg.startsWith('--')) this.long(arg)
      else if (arg.startsWith('-') && arg !== '-') this.cluster(arg)
      else {
        positionals.push(arg)
        if (!this.interspersed) {
          positionals.push(...this.args.slice(this.at))
          break
        }
      }
    }
    return positionals
  }

  private long(arg: string): void {
    const equals = arg.indexOf('=')
    const name = arg.slice(2, equals < 0 ? undefined : equals)
    if (name === '' || name.startsWith('-')) throw usageFailure(`bad flag syntax: ${arg}`)
    const flag = this.specs.find((spec) => spec.name === name)
    if (flag === undefined) throw usageFailure(`unknown flag: --${name}`)
    if (equals >= 0) this.set(flag, arg.slice(equals + 1))
    else if (flag.kind === 'bool') this.set(flag, 'true')
    else this.set(flag, this.take(`flag needs an argument: --${name}`))
  }

  private cluster(arg: string): void {
    for (let rest = arg.slice(1); rest !== '';) {
      const letter = rest.slice(0, 1)
      const flag = this.specs.find((spec) => spec.short === letter)
      if (flag === undefined) throw usageFailure(`unknown shorthand flag: '${letter}' in -${rest}`)
      const after = rest.slice(1)
      if (after.startsWith('=') && after.length > 1) {
        this.set(flag, after.slice(1))
        return
      }
      if (flag.kind !== 'bool') {
        this.set(flag, after === '' ? this.take(`flag needs an argument: '${letter}' in -${rest}`) : after)
        return
      }
      this.set(flag, 'true')
      rest = after
    }
  }

  private take(message: string): string {
    const value = this.args[this.at++]
    if (value === undefined) throw usageFailure(message)
    return value
  }

  private set(flag: FlagSpec, text: string): void {
    const problem = valueProblem(flag, text)
    const shown = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`
    if (problem !== undefined) throw usageFailure(`invalid argument "${text}" for "${shown}" flag: ${problem}`)
    if (flag.kind === 'bool') this.flags.put(flag.name, String(readGoBool(text)), false)
    else if (flag.kind === 'strings') for (const part of text.split(',')) this.flags.put(flag.name, part, true)
    else this.flags.put(flag.name, text, repeats(flag))
  }
}
