/** `unpause`: thaws the processes of paused containers. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { eachArgument } from './each-argument.ts'

export const unpause: Verb = {
  usage: 'CONTAINER [CONTAINER...]',
  flags: [],
  count: atLeast(1),
  completes: 'containers',
  async run({ args, session }) {
    const client = await session.client()
    await eachArgument(session, args, {
      run: (name) => client.text('POST', `/containers${pathOf(name)}/unpause`),
      options: { parallel: 50 },
    })
  },
}
