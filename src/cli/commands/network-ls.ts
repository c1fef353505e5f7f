/** `network ls`: lists networks. */
import type { Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { filtersQuery } from './filters.ts'
import { filterFlag, formatFlag, noTruncFlag, quietFlag } from './list-flags.table.ts'
import type { NetworkSummary } from './network-listing.ts'
import { networkListing, networkRow } from './network-listing.ts'

export const networkLs: Verb = {
  usage: '[OPTIONS]',
  flags: [filterFlag, formatFlag, noTruncFlag, quietFlag('IDs')],
  count: none,
  async run({ flags, session }) {
    const client = await session.client()
    const networks = await client.json<readonly NetworkSummary[]>('GET', '/networks', {
      query: { filters: filtersQuery(flags.list('filter')) },
    })
    const quiet = flags.bool('quiet')
    const format = flags.text('format') || (quiet ? '' : ((await session.config()).networksFormat ?? ''))
    const sorted = networks.toSorted((a, b) => a.Name.localeCompare(b.Name, 'en', { numeric: true }))
    await session.list(
      networkListing,
      sorted.map((network) => networkRow(network, flags.bool('no-trunc'))),
      { format, quiet },
    )
  },
}
