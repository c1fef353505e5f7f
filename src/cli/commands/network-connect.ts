/** `network connect`: connects a container to a network. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { keyValues } from './key-value-files.ts'

export const networkConnect: Verb = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  flags: [
    { name: 'alias', kind: 'strings', help: 'Further name on the network' },
    { name: 'driver-opt', kind: 'strings', help: 'Option of the driver' },
    { name: 'gw-priority', kind: 'int', help: 'Which network gives the default gateway: the highest' },
    { name: 'ip', kind: 'string', help: 'IPv4 address' },
    { name: 'ip6', kind: 'string', help: 'IPv6 address' },
    { name: 'link', kind: 'list', help: 'Other container to reach by name' },
    { name: 'link-local-ip', kind: 'strings', help: 'Link-local address' },
  ],
  count: exactly(2),
  completes: 'networks',
  async run({ flags, args, session }) {
    const [network = '', container] = args
    const orNull = (values: readonly string[]): readonly string[] | null => (values.length === 0 ? null : values)
    const ipam = {
      ...(flags.text('ip') === '' ? {} : { IPv4Address: flags.text('ip') }),
      ...(flags.text('ip6') === '' ? {} : { IPv6Address: flags.text('ip6') }),
      ...(flags.list('link-local-ip').length === 0 ? {} : { LinkLocalIPs: flags.list('link-local-ip') }),
    }
    const client = await session.client()
    await client.text('POST', `/networks${pathOf(network)}/connect`, {
      json: {
        Container: container,
        EndpointConfig: {
          IPAMConfig: ipam,
          Links: orNull(flags.list('link')),
          Aliases: orNull(flags.list('alias')),
          DriverOpts: keyValues(flags.list('driver-opt')),
          ...(flags.has('gw-priority') ? { GwPriority: flags.int('gw-priority') } : {}),
        },
      },
    })
  },
}
