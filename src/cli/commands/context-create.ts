/** `context create`: makes a context. */
import { contextNameProblem } from '#cli/docker/context-store.ts'
import { defaultHost } from '#cli/docker/endpoint.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { dockerEndpoint } from './context-endpoint.ts'

export const contextCreate: Verb = {
  usage: '[OPTIONS] CONTEXT',
  flags: [
    { name: 'description', kind: 'string', help: 'What it is for' },
    { name: 'docker', kind: 'string', placeholder: 'stringToString', help: 'Endpoint: host=…,ca=…,cert=…,key=…' },
    { name: 'from', kind: 'string', help: 'Context to copy' },
  ],
  count: exactly(1),
  async run({ flags, args, session }) {
    const [name = ''] = args
    const problem = contextNameProblem(name)
    if (problem !== undefined) throw failure(problem)
    const store = await session.contexts()
    if (await store.exists(name)) throw failure(`context "${name}" already exists`)
    const given = flags.text('docker') === '' ? undefined : await dockerEndpoint(session, flags.text('docker'))
    const from = flags.text('from') || given?.from || (given === undefined ? (await session.endpoint()).context : '')
    const metadata = flags.text('description') === '' ? {} : { Description: flags.text('description') }
    if (given !== undefined && given.from === undefined)
      await store.write({ Name: name, Metadata: metadata, Endpoints: { docker: given.endpoint } }, given.tls)
    else await copyContext(session, from, { name, metadata })
    await session.print(`${name}\n`)
    await session.warn(`Successfully created context "${name}"\n`)
  },
}

async function copyContext(
  session: Session,
  from: string,
  { name, metadata }: { readonly name: string; readonly metadata: { readonly Description?: string } },
): Promise<void> {
  const store = await session.contexts()
  if (from === 'default') {
    const host = await defaultHost(session.io, session.options)
    await store.write({ Name: name, Metadata: metadata, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } })
    return
  }
  const source = await store.read(from)
  await store.write(
    { Name: name, Metadata: { ...source.Metadata, ...metadata }, Endpoints: source.Endpoints },
    await store.tls(from),
  )
}
