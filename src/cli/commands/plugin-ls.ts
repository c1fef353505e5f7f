/** `plugin ls`: lists plugins. */
import type { Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { shortId } from './container-listing.ts'
import { filtersQuery } from './filters.ts'
import { filterFlag, formatFlag, noTruncFlag, quietFlag } from './list-flags.table.ts'

interface Plugin {
  readonly Id: string
  readonly Name: string
  readonly Enabled: boolean
  readonly PluginReference?: string
  readonly Config?: { readonly Description?: string }
}

const shape = {
  typeName: '*plugin.pluginContext',
  table: '{{.ID}}\t{{.Name}}\t{{.Description}}\t{{.Enabled}}',
  quiet: '{{.ID}}',
  headers: {
    ID: 'ID',
    Name: 'NAME',
    Description: 'DESCRIPTION',
    Enabled: 'ENABLED',
    PluginReference: 'PLUGIN REFERENCE',
  },
}

export const pluginLs: Verb = {
  usage: '[OPTIONS]',
  flags: [filterFlag, formatFlag, noTruncFlag, quietFlag('IDs')],
  count: none,
  async run({ flags, session }) {
    const client = await session.client()
    const plugins =
      (await client.json<readonly Plugin[] | null>('GET', '/plugins', {
        query: { filters: filtersQuery(flags.list('filter')) },
      })) ?? []
    const rows = plugins.map((plugin) => ({
      ID: flags.bool('no-trunc') ? plugin.Id : shortId(plugin.Id),
      Name: plugin.Name,
      Description: plugin.Config?.Description ?? '',
      Enabled: plugin.Enabled,
      PluginReference: plugin.PluginReference ?? '',
    }))
    await session.list(shape, rows, { format: flags.text('format'), quiet: flags.bool('quiet') })
  },
}
