/** `context update`: changes a context. */
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { dockerEndpoint } from './context-endpoint.ts'

export const contextUpdate: Verb = {
  usage: '[OPTIONS] CONTEXT',
  flags: [
    { name: 'description', kind: 'string', help: 'What it is for' },
    { name: 'docker', kind: 'string', placeholder: 'stringToString', help: 'Endpoint: host=…,ca=…,cert=…,key=…' },
  ],
  count: exactly(1),
  completes: 'contexts',
  async run({ flags, args, session }) {
    const [name = ''] = args
    if (name === 'default') throw failure('"default" is a reserved context name')
    const store = await session.contexts()
    const old = await store.read(name)
    const given = flags.text('docker') === '' ? undefined : await dockerEndpoint(session, flags.text('docker'))
    const metadata = flags.has('description')
      ? { ...old.Metadata, Description: flags.text('description') }
      : old.Metadata
    await store.write(
      {
        Name: name,
        Metadata: metadata,
        Endpoints: given === undefined ? old.Endpoints : { ...old.Endpoints, docker: given.endpoint },
      },
      given?.tls,
    )
    await session.print(`${name}\n`)
    await session.warn(`Successfully updated context "${name}"\n`)
  },
}
