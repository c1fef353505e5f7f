/** `builder prune`: removes the build cache. */
import { confirm } from './confirm.ts'
import { filtersQuery } from './filters.ts'
import { forceFlag, pruneFilterFlag } from './list-flags.table.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { exitWith } from '#cli/docker/exit.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'

export const builderPrune: Verb = {
  usage: '[OPTIONS]',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove all of it, not only what is dangling' },
    { name: 'keep-storage', kind: 'bytes', help: 'Amount to keep' },
    pruneFilterFlag,
    forceFlag,
  ],
  count: none,
  run: prune,
}

async function prune({ flags, session }: Call): Promise<void> {
  const warning = flags.bool('all') ? 'This will remove all build cache.' : 'This will remove all dangling build cache.'
  if (!flags.bool('force') && !(await confirm(session, `WARNING! ${warning}\nAre you sure you want to continue?`)))
    throw exitWith(1, 'builder prune has been cancelled')
  const client = await session.client()
  const { CachesDeleted: deleted, SpaceReclaimed: space = 0 } = await client.json<{
    readonly CachesDeleted?: readonly string[] | null
    readonly SpaceReclaimed?: number
  }>('POST', '/build/prune', {
    query: {
      all: flags.bool('all'),
      filters: filtersQuery(flags.list('filter')) ?? '',
      'keep-storage': flags.bytes('keep-storage'),
    },
  })
  if ((deleted ?? []).length > 0)
    await session.print(`Deleted build cache objects:\n${(deleted ?? []).map((id) => `${id}\n`).join('')}\n`)
  await session.print(`Total reclaimed space: ${formatDecimalSize(space)}\n`)
}
