/** Answers the shells' completion scripts: words that fit what is typed, a tab, a description. */
import type { Completion, Verb } from '#cli/grammar/command.ts'
import { commandTable, findCommand, groups, isGroup } from './command-index.ts'
import { globalFlags } from './global-flags.ts'
import type { Session } from './session.ts'

type Candidate = readonly [word: string, description: string]

/** Prints candidates for the last of `words`; resolves to the exit code. Never fails: no engine, no names. */
export async function complete(session: Session, words: readonly string[]): Promise<number> {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1).filter((word) => !word.startsWith('-'))
  const found = findCommand(before)
  const candidates =
    found === undefined
      ? commandCandidates(before, current)
      : await verbCandidates(session, await found.entry.load(), { current, previous: words.at(-2) ?? '' })
  const lines = candidates
    .filter(([word]) => word.startsWith(current))
    .map(([word, description]) => `${word}\t${description}\n`)
  await session.print(lines.join(''))
  return 0
}

function commandCandidates(before: readonly string[], current: string): readonly Candidate[] {
  if (current.startsWith('-')) return globalFlags.map((flag) => [`--${flag.name}`, flag.help])
  const [group] = before
  if (group !== undefined && isGroup(group)) {
    return commandTable.flatMap((entry) =>
      entry.names
        .filter((name) => name.startsWith(`${group} `))
        .map((name): Candidate => [name.slice(group.length + 1), entry.summary]),
    )
  }
  if (group !== undefined) return []
  const top = commandTable.flatMap((entry) =>
    entry.names.filter((name) => !name.includes(' ')).map((name): Candidate => [name, entry.summary]),
  )
  return [...top, ...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

async function verbCandidates(
  session: Session,
  verb: Verb,
  { current, previous }: { readonly current: string; readonly previous: string },
): Promise<readonly Candidate[]> {
  if (current.startsWith('-'))
    return verb.flags.filter((flag) => flag.hidden !== true).map((flag) => [`--${flag.name}`, flag.help])
  const flag = verb.flags.find(
    (candidate) => previous === `--${candidate.name}` || previous === `-${candidate.short ?? ''}`,
  )
  if (flag !== undefined && flag.kind !== 'bool') return (flag.choices ?? []).map((choice): Candidate => [choice, ''])
  try {
    return (await names(session, verb.completes ?? 'none')).map((name): Candidate => [name, ''])
  } catch {
    return []
  }
}

async function names(session: Session, what: Completion): Promise<readonly string[]> {
  if (what === 'none' || what === 'files') return []
  if (what === 'contexts')
    return ['default', ...(await (await session.contexts()).list()).map((context) => context.Name)]
  const client = await session.client()
  if (what === 'images')
    return (
      await client.json<readonly { readonly RepoTags?: readonly string[] | null }[]>('GET', '/images/json')
    ).flatMap((image) => image.RepoTags ?? [])
  if (what === 'networks')
    return (await client.json<readonly { readonly Name: string }[]>('GET', '/networks')).map((network) => network.Name)
  if (what === 'volumes')
    return (
      (await client.json<{ readonly Volumes: readonly { readonly Name: string }[] | null }>('GET', '/volumes'))
        .Volumes ?? []
    ).map((volume) => volume.Name)
  const containers = await client.json<readonly { readonly Names: readonly string[]; readonly State: string }[]>(
    'GET',
    '/containers/json',
    { query: { all: what !== 'running' } },
  )
  return containers
    .filter((container) => what !== 'stopped' || container.State !== 'running')
    .flatMap((container) => container.Names.map((name) => name.replace(/^\//, '')))
}
