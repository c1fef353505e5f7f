/** `volume create`: makes a volume. */
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atMost } from '#cli/grammar/command.ts'
import { keyValues } from './key-value-files.ts'

export const volumeCreate: Verb = {
  usage: '[OPTIONS] [VOLUME]',
  flags: [
    { name: 'driver', short: 'd', kind: 'string', default: 'local', help: 'Driver' },
    { name: 'label', kind: 'list', help: 'Label (key=value)' },
    { name: 'name', kind: 'string', help: 'Name', hidden: true },
    { name: 'opt', short: 'o', kind: 'map', help: 'Option of the driver' },
  ],
  count: atMost(1),
  async run({ flags, args, session }) {
    if (args.length === 1 && flags.text('name') !== '')
      throw failure('conflicting options: cannot specify a volume-name through both --name and as a positional arg')
    const name = args[0] ?? flags.text('name')
    const client = await session.client()
    const body = {
      Driver: flags.text('driver'),
      DriverOpts: keyValues(flags.list('opt')),
      Labels: keyValues(flags.list('label')),
      ...(name === '' ? {} : { Name: name }),
    }
    const created = await client.json<{ readonly Name: string }>('POST', '/volumes/create', { json: body })
    await session.print(`${created.Name}\n`)
  },
}
