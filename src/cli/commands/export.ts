/** `export`: writes a container's filesystem as a tar archive. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { saveStream } from './save-stream.ts'

export const exportContainer: Verb = {
  usage: '[OPTIONS] CONTAINER',
  flags: [{ name: 'output', short: 'o', kind: 'string', help: 'File to write to, in place of STDOUT' }],
  count: exactly(1),
  completes: 'containers',
  async run({ flags, args, session }) {
    const client = await session.client()
    await saveStream(session, {
      path: flags.text('output'),
      what: 'container',
      open: async () => (await client.stream('GET', `/containers${pathOf(args[0] ?? '')}/export`)).body,
    })
  },
}
