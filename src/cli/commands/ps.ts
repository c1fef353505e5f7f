/** `ps`: lists containers. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { planFormat } from '#cli/output/listing.ts'
import { containerListing, containerRow } from './container-listing.ts'
import type { ContainerSummary } from './container-listing.ts'
import { filtersQuery } from './filters.ts'
import { filterFlag, formatFlag, noTruncFlag, quietFlag } from './list-flags.table.ts'

export const ps: Verb = {
  usage: '[OPTIONS]',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show stopped ones too' },
    filterFlag,
    formatFlag,
    { name: 'last', short: 'n', kind: 'int', default: '-1', help: 'Show the last n created, whatever their state' },
    { name: 'latest', short: 'l', kind: 'bool', help: 'Show the last created, whatever its state' },
    noTruncFlag,
    quietFlag('IDs'),
    { name: 'size', short: 's', kind: 'bool', help: 'Show sizes' },
  ],
  count: none,
  run: listContainers,
}

async function listContainers({ flags, session }: Call): Promise<void> {
  const quiet = flags.bool('quiet')
  const configured = quiet ? '' : ((await session.config()).psFormat ?? '')
  const format = flags.text('format') || configured
  const last = flags.int('last') ?? -1
  const limit = flags.bool('latest') && last === -1 ? 1 : last
  const shape = containerListing({ size: flags.bool('size') })
  const { template } = planFormat(shape, { format, quiet })
  const client = await session.client()
  const containers = await client.json<readonly ContainerSummary[]>('GET', '/containers/json', {
    query: {
      all: flags.bool('all'),
      limit: limit > 0 ? limit : undefined,
      filters: filtersQuery(flags.list('filter')),
      size: flags.bool('size') || /\.Size\b/.test(template),
    },
  })
  const now = session.io.clock.now()
  const rows = containers.map((container) => containerRow(container, { nowMs: now, full: flags.bool('no-trunc') }))
  try {
    await session.list(shape, rows, { format, quiet })
  } catch (error) {
    if (!(error instanceof GantryError) || !/^template parsing error: template: :1.*executing/s.test(error.message))
      throw error
    throw failure(
      error.message
        .replace(/^template parsing error/, 'failed to execute template')
        .replace('*container.psContext', '*formatter.ContainerContext'),
      error,
    )
  }
}
