/** `system prune`: removes what is not used. */
import { exitWith, failure } from '#cli/docker/exit.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import { confirm } from './confirm.ts'
import { filtersQuery } from './filters.ts'
import type { PrunedImages } from './image-prune.ts'
import { deletedImages } from './image-prune.ts'
import { forceFlag, pruneFilterFlag } from './list-flags.table.ts'

export const systemPrune: Verb = {
  usage: '[OPTIONS]',
  flags: [
    {
      name: 'all',
      short: 'a',
      kind: 'bool',
      help: 'Remove every image that no container uses, not only untagged ones',
    },
    pruneFilterFlag,
    forceFlag,
    { name: 'volumes', kind: 'bool', help: 'Remove anonymous volumes too' },
  ],
  count: none,
  run: prune,
}

function warningText({ flags }: Call): string {
  const all = flags.bool('all')
  const lines = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(flags.bool('volumes') ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    all ? 'all build cache' : 'unused build cache',
  ]
  const filters =
    flags.list('filter').length === 0
      ? ''
      : `\n  Items to be pruned will be filtered with:\n${flags
          .list('filter')
          .map((filter) => `  - ${filter}\n`)
          .join('')}`
  return `WARNING! This will remove:\n${lines.map((line) => `  - ${line}\n`).join('')}${filters}\nAre you sure you want to continue?`
}

interface Pruned {
  readonly ContainersDeleted?: readonly string[] | null
  readonly NetworksDeleted?: readonly string[] | null
  readonly VolumesDeleted?: readonly string[] | null
  readonly CachesDeleted?: readonly string[] | null
  readonly SpaceReclaimed?: number
}

const titles = {
  ContainersDeleted: 'Deleted Containers',
  NetworksDeleted: 'Deleted Networks',
  VolumesDeleted: 'Deleted Volumes',
  CachesDeleted: 'Deleted build cache objects',
} as const

async function prune(call: Call): Promise<void> {
  const { flags, session } = call
  const filters = flags.list('filter')
  if (flags.bool('volumes') && filters.some((filter) => filter.startsWith('until=')))
    throw failure('ERROR: The "until" filter is not supported with "--volumes"')
  if (!flags.bool('force') && !(await confirm(session, warningText(call))))
    throw exitWith(1, 'system prune has been cancelled')
  const client = await session.client()
  const query = { filters: filtersQuery(filters) }
  let space = 0
  const step = async (
    path: string,
    key: keyof typeof titles,
    stepQuery: Readonly<Record<string, string | boolean | undefined>> = query,
  ): Promise<void> => {
    const pruned = await client.json<Pruned>('POST', path, { query: stepQuery })
    space += pruned.SpaceReclaimed ?? 0
    const deleted = pruned[key] ?? []
    if (deleted.length > 0) await session.print(`${titles[key]}:\n${deleted.map((id) => `${id}\n`).join('')}\n`)
  }
  await step('/containers/prune', 'ContainersDeleted')
  await step('/networks/prune', 'NetworksDeleted')
  if (flags.bool('volumes')) await step('/volumes/prune', 'VolumesDeleted')
  const images = await client.json<PrunedImages>('POST', '/images/prune', {
    query: { filters: filtersQuery(filters, { dangling: String(!flags.bool('all')) }) },
  })
  space += images.SpaceReclaimed ?? 0
  await session.print(deletedImages(images.ImagesDeleted))
  await step('/build/prune', 'CachesDeleted', {
    all: flags.bool('all'),
    filters: filtersQuery(filters) ?? '',
  })
  await session.print(`Total reclaimed space: ${formatDecimalSize(space)}\n`)
}
