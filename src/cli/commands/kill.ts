/** `kill`: sends a signal to containers. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { eachArgument } from './each-argument.ts'

export const kill: Verb = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: [{ name: 'signal', short: 's', kind: 'string', help: 'Signal to send' }],
  count: atLeast(1),
  completes: 'running',
  async run({ flags, args, session }) {
    const client = await session.client()
    await eachArgument(session, args, {
      run: (name) =>
        client.text('POST', `/containers${pathOf(name)}/kill`, { query: { signal: flags.text('signal') || 'KILL' } }),
      options: { parallel: 50 },
    })
  },
}
