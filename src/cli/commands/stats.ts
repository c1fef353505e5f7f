/** `stats`: shows what containers use, live or once. */
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { renderListing } from '#cli/output/listing.ts'
import type { Session } from '#cli/docker/session.ts'
import type { StatsSample } from './stats-row.ts'
import { emptyStatsRow, statsListing, statsRow } from './stats-row.ts'
import { formatFlag, noTruncFlag } from './list-flags.table.ts'

export const stats: Verb = {
  usage: '[OPTIONS] [CONTAINER...]',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show stopped ones too' },
    formatFlag,
    { name: 'no-stream', kind: 'bool', help: 'Show one reading and end' },
    noTruncFlag,
  ],
  count: { kind: 'atLeast', count: 0 },
  completes: 'running',
  run: showStats,
}

interface Watched {
  readonly id: string
  readonly name: string
}

async function showStats({ flags, args, session }: Call): Promise<void> {
  const client = await session.client()
  const format = flags.text('format') || ((await session.config()).statsFormat ?? '')
  const full = flags.bool('no-trunc')
  const once = flags.bool('no-stream')
  for (;;) {
    const watched = args.length > 0 ? args.map((name) => ({ id: name, name })) : await listed(client, flags.bool('all'))
    const rows = await Promise.all(
      watched.map((container) => sample(client, container, { full, strict: args.length > 0 })),
    )
    const text = renderListing(
      statsListing,
      rows.filter((row) => row !== undefined),
      { format },
    )
    await session.print(once ? text : frame(session, text))
    if (once) return
    await session.io.clock.sleep(500)
  }
}

/** On a terminal each reading replaces the one before. */
function frame(session: Session, text: string): string {
  if (!session.io.terminal.stdoutIsTerminal) return text
  return `\u001b[H${text
    .split('\n')
    .map((line) => `${line}\u001b[K`)
    .join('\n')}\u001b[J`
}

async function listed(client: EngineClient, all: boolean): Promise<readonly Watched[]> {
  const containers = await client.json<readonly { readonly Id: string; readonly Names: readonly string[] }[]>(
    'GET',
    '/containers/json',
    { query: { all } },
  )
  return containers.map((container) => ({ id: container.Id, name: container.Names[0] ?? '' }))
}

async function sample(
  client: EngineClient,
  container: Watched,
  { full, strict }: { readonly full: boolean; readonly strict: boolean },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return statsRow(
      await client.json<StatsSample>('GET', `/containers${pathOf(container.id)}/stats`, { query: { stream: '0' } }),
      { full, asked: container.name },
    )
  } catch (error) {
    if (strict) throw error
    return emptyStatsRow(container.name.replace(/^\//, ''), full ? container.id : container.id.slice(0, 12))
  }
}
