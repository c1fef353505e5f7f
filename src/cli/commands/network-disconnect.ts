/** `network disconnect`: disconnects a container from a network. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'

export const networkDisconnect: Verb = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Disconnect whatever the container says' }],
  count: exactly(2),
  completes: 'networks',
  async run({ flags, args, session }) {
    const [network = '', container] = args
    const client = await session.client()
    await client.text('POST', `/networks${pathOf(network)}/disconnect`, {
      json: { Container: container, Force: flags.bool('force') },
    })
  },
}
