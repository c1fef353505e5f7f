/** `volume prune`: removes unused volumes. */
import { confirm } from './confirm.ts'
import { filtersQuery } from './filters.ts'
import { forceFlag, pruneFilterFlag } from './list-flags.table.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { exitWith } from '#cli/docker/exit.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import { requireApi } from './create-container.ts'

export const volumePrune: Verb = {
  usage: '[OPTIONS]',
  flags: [{ name: 'all', short: 'a', kind: 'bool', help: 'Remove named ones too' }, pruneFilterFlag, forceFlag],
  count: none,
  run: prune,
}

async function prune({ flags, session }: Call): Promise<void> {
  const warning = flags.bool('all')
    ? 'This will remove all local volumes not used by at least one container.'
    : 'This will remove anonymous local volumes not used by at least one container.'
  if (!flags.bool('force') && !(await confirm(session, `WARNING! ${warning}\nAre you sure you want to continue?`)))
    throw exitWith(1, 'volume prune has been cancelled')
  const client = await session.client()
  if (flags.bool('all')) await requireApi(client, '1.42', 'all')
  const extra: Readonly<Record<string, string>> = flags.bool('all') ? { all: 'true' } : {}
  const { VolumesDeleted: deleted, SpaceReclaimed: space = 0 } = await client.json<{
    readonly VolumesDeleted?: readonly string[] | null
    readonly SpaceReclaimed?: number
  }>('POST', '/volumes/prune', { query: { filters: filtersQuery(flags.list('filter'), extra) } })
  if ((deleted ?? []).length > 0)
    await session.print(`Deleted Volumes:\n${(deleted ?? []).map((id) => `${id}\n`).join('')}\n`)
  await session.print(`Total reclaimed space: ${formatDecimalSize(space)}\n`)
}
