/** `network inspect`: shows the details of networks. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { inspectObjects } from './inspect-objects.ts'
import { inspectFormatFlag } from './list-flags.table.ts'

export const networkInspect: Verb = {
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  flags: [inspectFormatFlag, { name: 'verbose', short: 'v', kind: 'bool', help: 'Show what helps to find faults' }],
  count: atLeast(1),
  completes: 'networks',
  async run({ flags, args, session }) {
    const client = await session.client()
    await inspectObjects(session, args, {
      format: flags.text('format'),
      find: async (name) => ({
        struct: 'network',
        text: await client.text('GET', `/networks${pathOf(name)}`, { query: { verbose: flags.bool('verbose') } }),
      }),
    })
  },
}
