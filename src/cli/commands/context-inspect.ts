/** `context inspect`: shows the details of contexts. */
import { defaultHost } from '#cli/docker/endpoint.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { escapeHtml } from '#cli/output/go-json.ts'
import { inspectObjects } from './inspect-objects.ts'
import { inspectFormatFlag } from './list-flags.table.ts'

export const contextInspect: Verb = {
  usage: '[OPTIONS] [CONTEXT] [CONTEXT...]',
  flags: [inspectFormatFlag],
  count: { kind: 'atLeast', count: 0 },
  completes: 'contexts',
  async run({ flags, args, session }) {
    const names = args.length === 0 ? [(await session.endpoint()).context] : args
    await inspectObjects(session, names, {
      format: flags.text('format'),
      find: async (name) => ({ struct: '', text: escapeHtml(JSON.stringify(await details(session, name))) }),
    })
  },
}

async function details(session: Session, name: string): Promise<object> {
  if (name === 'default') {
    const host = await defaultHost(session.io, session.options)
    return {
      Name: 'default',
      Metadata: {},
      Endpoints: { docker: { Host: host, SkipTLSVerify: false } },
      TLSMaterial: {},
      Storage: { MetadataPath: '<IN MEMORY>', TLSPath: '<IN MEMORY>' },
    }
  }
  const store = await session.contexts()
  const document = await store.read(name)
  const tls: Record<string, string[]> = {}
  for (const path of Object.keys(await store.tls(name))) {
    const slash = path.indexOf('/')
    ;(tls[path.slice(0, slash)] ??= []).push(path.slice(slash + 1))
  }
  const { meta, tls: tlsPath } = store.paths(name)
  return {
    Name: document.Name,
    Metadata: document.Metadata,
    Endpoints: document.Endpoints,
    TLSMaterial: tls,
    Storage: { MetadataPath: meta, TLSPath: tlsPath },
  }
}
