/** Help of the program and of its groups. */
import { commandList, flagTable } from '#cli/grammar/help.ts'
import { commandTable, groups } from './command-index.ts'
import { globalFlags } from './global-flags.ts'

const common = ['run', 'exec', 'ps', 'build', 'pull', 'push', 'images', 'login', 'logout', 'search', 'version', 'info']

/** The help of the program. */
export function rootHelp(program: string, columns: number): string {
  const top = commandTable.flatMap((entry) =>
    entry.names
      .filter((name) => !name.includes(' '))
      .slice(0, 1)
      .map((name): [string, string] => [name, entry.summary]),
  )
  const byName = new Map(top)
  const parts = [
    `Usage:  ${program} [OPTIONS] COMMAND`,
    'Builds, ships and runs containers',
    commandList(
      'Common Commands',
      common.map((name) => [name, byName.get(name) ?? '']),
    ),
    commandList(
      'Management Commands',
      [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    commandList(
      'Commands',
      top.filter(([name]) => !common.includes(name)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    `Global Options:\n${flagTable(globalFlags, columns)}`,
    `Run '${program} COMMAND --help' for more information on a command.`,
  ]
  return `${parts.join('\n\n')}\n`
}

/** The help of a group such as `network`. */
export function groupHelp(program: string, group: string): string {
  const verbs = new Map<string, string>()
  for (const entry of commandTable) {
    const name = entry.names.find((candidate) => candidate.startsWith(`${group} `))
    if (name !== undefined) verbs.set(name.slice(group.length + 1), entry.summary)
  }
  const list = commandList(
    'Commands',
    [...verbs].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
  return `Usage:  ${program} ${group} COMMAND\n\n${groups.get(group) ?? ''}\n\n${list}\n\nRun '${program} ${group} COMMAND --help' for more information on a command.\n`
}
