/** `context ls`: lists contexts. */
import type { Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { defaultHost } from '#cli/docker/endpoint.ts'
import { formatFlag, quietFlag } from './list-flags.table.ts'
import { ellipsis } from '#cli/output/display-width.ts'

const shape = {
  typeName: '*formatter.clientContextContext',
  table: '{{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}',
  quiet: '{{.Name}}',
  headers: { Name: 'NAME', Description: 'DESCRIPTION', DockerEndpoint: 'DOCKER ENDPOINT', Error: 'ERROR', Current: '' },
}

export const contextLs: Verb = {
  usage: '[OPTIONS]',
  flags: [formatFlag, quietFlag('names')],
  count: none,
  async run({ flags, session }) {
    const current = (await session.endpoint().catch(() => ({ context: session.options.context, host: '' }))).context
    const stored = await (await session.contexts()).list()
    const rows = [
      {
        Name: 'default',
        Description: 'Current DOCKER_HOST based configuration',
        DockerEndpoint: await defaultHost(session.io, session.options),
      },
      ...stored.map((context) => ({
        Name: context.Name,
        Description: context.Metadata.Description ?? '',
        DockerEndpoint: context.Endpoints['docker']?.Host ?? '',
      })),
    ].toSorted((a, b) => a.Name.localeCompare(b.Name, 'en', { numeric: true }))
    const full = rows.map((row) => ({
      ...row,
      Description: ellipsis(row.Description, 60),
      Current: row.Name === current,
      Error: '',
    }))
    await session.list(shape, full, { format: flags.text('format'), quiet: flags.bool('quiet') })
    if ((session.io.env['DOCKER_HOST'] ?? '') !== '' && current === 'default')
      await session.warn(
        'Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the global --context flag, or unset DOCKER_HOST environment variable.\n',
      )
  },
}
