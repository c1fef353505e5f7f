/** `stop`: asks containers to end, and kills those that do not. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { eachArgument } from './each-argument.ts'

export const stop: Verb = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: [
    { name: 'signal', short: 's', kind: 'string', help: 'Signal to send' },
    { name: 'timeout', short: 't', kind: 'int', help: 'Seconds to wait before killing' },
    { name: 'time', kind: 'int', help: 'Seconds to wait before killing', hidden: true },
  ],
  count: atLeast(1),
  completes: 'running',
  async run({ flags, args, session }) {
    const client = await session.client()
    await eachArgument(session, args, {
      run: (name) =>
        client.text('POST', `/containers${pathOf(name)}/stop`, {
          query: { t: flags.int('timeout') ?? flags.int('time'), signal: flags.text('signal') || undefined },
        }),
      options: { parallel: 50 },
    })
  },
}
