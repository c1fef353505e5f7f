/** `network prune`: removes unused networks. */
import { confirm } from './confirm.ts'
import { filtersQuery } from './filters.ts'
import { forceFlag, pruneFilterFlag } from './list-flags.table.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { exitWith } from '#cli/docker/exit.ts'

export const networkPrune: Verb = { usage: '[OPTIONS]', flags: [pruneFilterFlag, forceFlag], count: none, run: prune }

async function prune({ flags, session }: Call): Promise<void> {
  const warning = 'This will remove all custom networks not used by at least one container.'
  if (!flags.bool('force') && !(await confirm(session, `WARNING! ${warning}\nAre you sure you want to continue?`)))
    throw exitWith(1, 'network prune has been cancelled')
  const client = await session.client()
  const { NetworksDeleted: deleted } = await client.json<{ readonly NetworksDeleted?: readonly string[] | null }>(
    'POST',
    '/networks/prune',
    { query: { filters: filtersQuery(flags.list('filter')) } },
  )
  if ((deleted ?? []).length > 0)
    await session.print(`Deleted Networks:\n${(deleted ?? []).map((id) => `${id}\n`).join('')}\n`)
}
