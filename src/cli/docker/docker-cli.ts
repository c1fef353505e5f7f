/** The docker grammar's entry: global flags, the verb's words, then the verb itself, loaded when it is needed. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { countProblem } from '#cli/grammar/command.ts'
import { parseFlags } from '#cli/grammar/flag-parser.ts'
import type { FlagSpec } from '#cli/grammar/flag-types.ts'
import type { CliIo } from './cli-io.ts'
import type { CommandEntry } from './command-index.ts'
import { findCommand, isGroup } from './command-index.ts'
import type { GlobalOptions } from './endpoint.ts'
import { exitCodeOf, exitWith } from './exit.ts'
import { globalFlags, readGlobalOptions } from './global-flags.ts'
import { Session } from './session.ts'
import { reasonOfRefusal } from './refused-words.ts'

const helpFlag: FlagSpec = { name: 'help', kind: 'bool', help: 'Print usage', hidden: true }
const shortHelpFlag: FlagSpec = { ...helpFlag, short: 'h' }

/**
 * Runs the docker grammar on `argv` (without the program's name) and resolves to the exit code. Never throws: what
 * goes wrong is printed on standard error in the docker client's words.
 */
export async function runDockerCli(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return await dispatch(argv, io)
  } catch (error) {
    const message = messageOf(error)
    if (error instanceof GantryError ? message !== '' && !(error.code === 'CLI_EXIT' && message === 'CLI_EXIT') : true)
      io.terminal.stderr.write(`${message}\n`)
    return exitCodeOf(error)
  }
}

async function dispatch(argv: readonly string[], io: CliIo): Promise<number> {
  const { options, rest, flags } = readGlobals(argv, io)
  if (flags.bool('version')) {
    const { clientVersionLine } = await import('./client-version.ts')
    io.terminal.stdout.write(clientVersionLine(io))
    return 0
  }
  if (rest.length === 0 || flags.bool('help')) return printRootHelp(io, 0)
  if (rest[0] === 'help') return printHelpTopic(io, rest.slice(1))
  if (rest[0] === '__complete') {
    const { complete } = await import('./complete.ts')
    return complete(new Session(io, options), rest.slice(1))
  }
  const found = findCommand(rest)
  if (found === undefined) return refuseWord(io, rest)
  return runVerb(new Session(io, options), found.entry, rest.slice(found.wordCount))
}

function readGlobals(
  argv: readonly string[],
  io: CliIo,
): {
  readonly options: GlobalOptions
  readonly rest: readonly string[]
  readonly flags: ReturnType<typeof parseFlags>['flags']
} {
  try {
    const { flags, positionals } = parseFlags([...globalFlags, helpFlag], argv, { interspersed: false })
    return { options: readGlobalOptions(flags), rest: positionals, flags }
  } catch (error) {
    throw exitWith(
      125,
      `${messageOf(error)}\n\nUsage:  ${io.program} [OPTIONS] COMMAND [ARG...]\n\nRun '${io.program} --help' for more information`,
      error,
    )
  }
}

async function runVerb(session: Session, entry: CommandEntry, args: readonly string[]): Promise<number> {
  const verb = await entry.load()
  const { program } = session.io
  const usage = async (): Promise<string> =>
    (await import('#cli/grammar/help.ts')).usageLines(program, entry.words, verb)
  const parsed = await parseVerb(session, { entry, verb, args, usage })
  if (parsed === undefined) return 0
  const problem = countProblem(verb.count, parsed.positionals.length)
  if (problem !== undefined) {
    const see = verb.count.kind === 'atLeast' ? 'See' : 'Run'
    throw exitWith(
      1,
      `${program}: '${program} ${entry.words}' ${problem}\n\n${await usage()}\n\n${see} '${program} ${entry.words} --help' for more information`,
    )
  }
  const code = await verb.run({ flags: parsed.flags, args: parsed.positionals, session, words: entry.words })
  return code ?? 0
}

async function parseVerb(
  session: Session,
  {
    entry,
    verb,
    args,
    usage,
  }: {
    readonly entry: CommandEntry
    readonly verb: Verb
    readonly args: readonly string[]
    readonly usage: () => Promise<string>
  },
): Promise<ReturnType<typeof parseFlags> | undefined> {
  const help = verb.flags.some((flag) => flag.short === 'h') ? helpFlag : shortHelpFlag
  try {
    const parsed = parseFlags([...verb.flags, help], args, { interspersed: verb.interspersed ?? true })
    if (!parsed.flags.bool('help')) return parsed
  } catch (error) {
    const { program } = session.io
    throw exitWith(
      125,
      `${messageOf(error)}\n\n${await usage()}\n\nRun '${program} ${entry.words} --help' for more information`,
      error,
    )
  }
  const { verbHelp } = await import('#cli/grammar/help.ts')
  await session.print(verbHelp(entry, verb, { program: session.io.program, columns: session.columns() }))
  return undefined
}

async function printRootHelp(io: CliIo, code: number): Promise<number> {
  const { rootHelp } = await import('./root-help.ts')
  io.terminal.stdout.write(rootHelp(io.program, io.terminal.size()?.columns ?? 80))
  return code
}

async function printHelpTopic(io: CliIo, words: readonly string[]): Promise<number> {
  if (words.length === 0) return printRootHelp(io, 0)
  const found = findCommand(words)
  if (found !== undefined) return dispatch([...words, '--help'], io)
  if (isGroup(words[0] ?? '')) return refuseWord(io, words.slice(0, 1))
  throw exitWith(1, `unknown help topic: ${words.join(' ')}`)
}

/** A group without a verb prints its help; anything else is no command. */
async function refuseWord(io: CliIo, [first = '', second]: readonly string[]): Promise<number> {
  const { program } = io
  const reason = reasonOfRefusal(first)
  if (reason !== undefined) throw exitWith(1, `${program} ${first}: ${reason}`)
  if (!isGroup(first))
    throw exitWith(
      1,
      `${program}: unknown command: ${program} ${first}\n\nRun '${program} --help' for more information`,
    )
  if (second === undefined || second === '--help' || second === '-h') {
    const { groupHelp } = await import('./root-help.ts')
    io.terminal.stdout.write(groupHelp(program, first))
    return 0
  }
  if (second.startsWith('-'))
    throw exitWith(
      125,
      `unknown ${second.startsWith('--') ? `flag: ${second}` : `shorthand flag: '${second.slice(1, 2)}' in ${second}`}\n\nUsage:  ${program} ${first} COMMAND\n\nRun '${program} ${first} --help' for more information`,
    )
  throw exitWith(
    1,
    `${program}: unknown command: ${program} ${first} ${second}\n\nUsage:  ${program} ${first}\n\nRun '${program} ${first} --help' for more information`,
  )
}
