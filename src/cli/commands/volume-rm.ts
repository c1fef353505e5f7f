/** `volume rm`: removes volumes. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { eachArgument } from './each-argument.ts'

export const volumeRm: Verb = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Do not fail when there is no such volume' }],
  count: atLeast(1),
  completes: 'volumes',
  async run({ flags, args, session }) {
    const client = await session.client()
    await eachArgument(session, args, {
      run: (name) => client.text('DELETE', `/volumes${pathOf(name)}`, { query: { force: flags.bool('force') } }),
    })
  },
}
