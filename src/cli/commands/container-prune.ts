/** `container prune`: removes stopped containers. */
import { confirm } from './confirm.ts'
import { filtersQuery } from './filters.ts'
import { forceFlag, pruneFilterFlag } from './list-flags.table.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { exitWith } from '#cli/docker/exit.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'

export const containerPrune: Verb = { usage: '[OPTIONS]', flags: [pruneFilterFlag, forceFlag], count: none, run: prune }

async function prune({ flags, session }: Call): Promise<void> {
  const warning = 'This will remove all stopped containers.'
  if (!flags.bool('force') && !(await confirm(session, `WARNING! ${warning}\nAre you sure you want to continue?`)))
    throw exitWith(1, 'container prune has been cancelled')
  const client = await session.client()
  const { ContainersDeleted: deleted, SpaceReclaimed: space = 0 } = await client.json<{
    readonly ContainersDeleted?: readonly string[] | null
    readonly SpaceReclaimed?: number
  }>('POST', '/containers/prune', { query: { filters: filtersQuery(flags.list('filter')) } })
  if ((deleted ?? []).length > 0)
    await session.print(`Deleted Containers:\n${(deleted ?? []).map((id) => `${id}\n`).join('')}\n`)
  await session.print(`Total reclaimed space: ${formatDecimalSize(space)}\n`)
}
