/** `save`: writes images as a tar archive. */
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { saveStream } from './save-stream.ts'
import { platformQuery } from './platform-query.ts'

export const save: Verb = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: [
    { name: 'output', short: 'o', kind: 'string', help: 'File to write to, in place of STDOUT' },
    { name: 'platform', kind: 'string', help: 'Platform to save (os/architecture)' },
  ],
  count: atLeast(1),
  completes: 'images',
  async run({ flags, args, session }) {
    const client = await session.client()
    await saveStream(session, {
      path: flags.text('output'),
      what: 'image',
      open: async () =>
        (
          await client.stream('GET', '/images/get', {
            query: { names: args, platform: platformQuery(flags.text('platform')) },
          })
        ).body,
    })
  },
}
