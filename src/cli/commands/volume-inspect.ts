/** `volume inspect`: shows the details of volumes. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { inspectObjects } from './inspect-objects.ts'
import { inspectFormatFlag } from './list-flags.table.ts'

export const volumeInspect: Verb = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  flags: [inspectFormatFlag],
  count: atLeast(1),
  completes: 'volumes',
  async run({ flags, args, session }) {
    const client = await session.client()
    await inspectObjects(session, args, {
      format: flags.text('format'),
      find: async (name) => ({ struct: 'volume', text: await client.text('GET', `/volumes${pathOf(name)}`) }),
    })
  },
}
