/** `container inspect`: shows the details of containers. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { inspectObjects } from './inspect-objects.ts'
import { inspectFormatFlag } from './list-flags.table.ts'

export const containerInspect: Verb = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: [inspectFormatFlag, { name: 'size', short: 's', kind: 'bool', help: 'Show sizes' }],
  count: atLeast(1),
  completes: 'containers',
  async run({ flags, args, session }) {
    const client = await session.client()
    await inspectObjects(session, args, {
      format: flags.text('format'),
      find: async (name) => ({
        struct: 'container',
        text: await client.text('GET', `/containers${pathOf(name)}/json`, { query: { size: flags.bool('size') } }),
      }),
    })
  },
}
