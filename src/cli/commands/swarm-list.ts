/** The swarm verbs that scripts call to find out that there is no swarm; the engine answers them. */
import type { Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { filtersQuery } from './filters.ts'
import { filterFlag, formatFlag, quietFlag } from './list-flags.table.ts'

function swarmListing(path: string, fields: readonly string[], headers: Readonly<Record<string, string>>): Verb {
  return {
    usage: '[OPTIONS]',
    flags: [filterFlag, formatFlag, quietFlag('IDs')],
    count: none,
    async run({ flags, session }) {
      const client = await session.client()
      const found = await client.json<readonly Readonly<Record<string, unknown>>[]>('GET', path, {
        query: { filters: filtersQuery(flags.list('filter')) },
      })
      const shape = {
        typeName: '*formatter.swarmContext',
        table: fields.map((field) => `{{.${field}}}`).join('\t'),
        quiet: '{{.ID}}',
        headers,
      }
      await session.list(
        shape,
        found.map((item) => ({ ...Object.fromEntries(fields.map((field) => [field, ''])), ID: item['ID'] ?? '' })),
        { format: flags.text('format'), quiet: flags.bool('quiet') },
      )
    },
  }
}

export const nodeLs: Verb = swarmListing(
  '/nodes',
  ['ID', 'Hostname', 'Status', 'Availability', 'ManagerStatus', 'EngineVersion'],
  {
    ID: 'ID',
    Hostname: 'HOSTNAME',
    Status: 'STATUS',
    Availability: 'AVAILABILITY',
    ManagerStatus: 'MANAGER STATUS',
    EngineVersion: 'ENGINE VERSION',
  },
)
export const serviceLs: Verb = swarmListing('/services', ['ID', 'Name', 'Mode', 'Replicas', 'Image', 'Ports'], {
  ID: 'ID',
  Name: 'NAME',
  Mode: 'MODE',
  Replicas: 'REPLICAS',
  Image: 'IMAGE',
  Ports: 'PORTS',
})
export const stackLs: Verb = swarmListing('/services', ['Name', 'Services'], { Name: 'NAME', Services: 'SERVICES' })

export const swarmLeave: Verb = {
  usage: '[OPTIONS]',
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Leave even as the last manager' }],
  count: none,
  async run({ flags, session }) {
    const client = await session.client()
    await client.text('POST', '/swarm/leave', { query: { force: flags.bool('force') } })
    await session.print('Node left the swarm.\n')
  },
}
