/** `image prune`: removes unused images. */
import { confirm } from './confirm.ts'
import { filtersQuery } from './filters.ts'
import { forceFlag, pruneFilterFlag } from './list-flags.table.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { exitWith } from '#cli/docker/exit.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import type { RemovedImage } from './rmi.ts'

export const imagePrune: Verb = {
  usage: '[OPTIONS]',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove all that no container uses, not only untagged ones' },
    pruneFilterFlag,
    forceFlag,
  ],
  count: none,
  run: prune,
}

async function prune({ flags, session }: Call): Promise<void> {
  const warning = flags.bool('all')
    ? 'This will remove all images without at least one container associated to them.'
    : 'This will remove all dangling images.'
  if (!flags.bool('force') && !(await confirm(session, `WARNING! ${warning}\nAre you sure you want to continue?`)))
    throw exitWith(1, 'image prune has been cancelled')
  const client = await session.client()
  const { ImagesDeleted: deleted, SpaceReclaimed: space = 0 } = await client.json<PrunedImages>(
    'POST',
    '/images/prune',
    { query: { filters: filtersQuery(flags.list('filter'), { dangling: String(!flags.bool('all')) }) } },
  )
  await session.print(deletedImages(deleted))
  await session.print(`Total reclaimed space: ${formatDecimalSize(space)}\n`)
}

export interface PrunedImages {
  readonly ImagesDeleted?: readonly RemovedImage[] | null
  readonly SpaceReclaimed?: number
}

/** The list of removed images, ending in a blank line; empty when there are none. */
export function deletedImages(deleted: readonly RemovedImage[] | null | undefined): string {
  if ((deleted ?? []).length === 0) return ''
  const lines = (deleted ?? []).map((item) =>
    item.Untagged === undefined || item.Untagged === ''
      ? `deleted: ${item.Deleted ?? ''}\n`
      : `untagged: ${item.Untagged}\n`,
  )
  return `Deleted Images:\n${lines.join('')}\n`
}
