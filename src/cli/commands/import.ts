/** `import`: makes an image of a filesystem archive. */
import type { Readable } from 'node:stream'
import type { ProgressMessage } from '#cli/docker/progress.ts'
import { showProgress } from '#cli/docker/progress.ts'
import { parseReference } from '#cli/docker/references.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { goError } from './key-value-files.ts'
import { absolute } from './mount-flag.ts'

export const importImage: Verb = {
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  flags: [
    { name: 'change', short: 'c', kind: 'list', help: 'Dockerfile instruction to apply' },
    { name: 'message', short: 'm', kind: 'string', help: 'Comment of the image' },
    { name: 'platform', kind: 'string', help: 'Platform of the image (os/architecture)' },
  ],
  count: { kind: 'atLeast', count: 1 },
  completes: 'files',
  async run({ flags, args, session }) {
    const [source = '', name = ''] = args
    if (name !== '') parseReference(name)
    const body = await openSource(session, source)
    const client = await session.client()
    const messages = client.messages<ProgressMessage>('POST', '/images/create', {
      query: {
        fromSrc: body === undefined ? source : '-',
        repo: name || undefined,
        message: flags.text('message') || undefined,
        changes: flags.list('change'),
        platform: flags.text('platform').toLowerCase() || undefined,
      },
      ...(body === undefined ? {} : { body, headers: { 'Content-Type': 'application/x-tar' } }),
    })
    await showProgress(session, messages)
  },
}

/** The archive's bytes; undefined for one that the daemon fetches itself. */
async function openSource(session: Session, source: string): Promise<Readable | undefined> {
  const { terminal, files, cwd } = session.io
  if (/^https?:\/\//.test(source)) return undefined
  if (source === '-') return terminal.stdin
  const path = absolute(cwd, source)
  await files.stat(path).catch((cause: unknown) => {
    throw failure(`open ${source}: ${goError(cause)}`, cause)
  })
  return files.readStream(path, { chunkBytes: 1024 * 1024 })
}
