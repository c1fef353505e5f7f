/** `search`: looks for images in the public registry. */
import { encodeAuth, hubServer, readCredentials } from '#cli/docker/credentials.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { ellipsis } from '#cli/output/display-width.ts'
import { filtersQuery } from './filters.ts'
import { filterFlag, formatFlag, noTruncFlag } from './list-flags.table.ts'

interface Result {
  readonly name: string
  readonly description: string
  readonly star_count: number
  readonly is_official: boolean
  readonly is_automated?: boolean
}

const shape = {
  typeName: '*registry.searchContext',
  table: '{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}',
  headers: {
    Name: 'NAME',
    Description: 'DESCRIPTION',
    StarCount: 'STARS',
    IsOfficial: 'OFFICIAL',
    IsAutomated: 'AUTOMATED',
  },
}

export const search: Verb = {
  usage: '[OPTIONS] TERM',
  flags: [filterFlag, formatFlag, { name: 'limit', kind: 'int', help: 'Most results' }, noTruncFlag],
  count: exactly(1),
  async run({ flags, args, session }) {
    const client = await session.client()
    const auth = await readCredentials(session, hubServer)
    const results = await client.json<readonly Result[] | null>('GET', '/images/search', {
      query: { term: args[0], limit: flags.int('limit'), filters: filtersQuery(flags.list('filter')) },
      headers: { 'X-Registry-Auth': encodeAuth(auth) },
    })
    const rows = (results ?? [])
      .toSorted((a, b) => b.star_count - a.star_count)
      .map((result) => {
        const description = result.description.replaceAll(/[\r\n]+/g, ' ')
        return {
          Name: result.name,
          Description: flags.bool('no-trunc') ? description : ellipsis(description, 45),
          StarCount: String(result.star_count),
          IsOfficial: result.is_official ? '[OK]' : '',
          IsAutomated: result.is_automated === true ? '[OK]' : '',
        }
      })
    await session.list(shape, rows, { format: flags.text('format') })
  },
}
