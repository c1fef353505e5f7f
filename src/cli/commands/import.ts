/** `import`: makes an image of a filesystem archive. */
import type { ProgressMessage } from '#cli/docker/progress.ts'
import { showProgress } from '#cli/docker/progress.ts'
import { parseReference } from '#cli/docker/references.ts'
import { failure } from '#cli/docker/exit.ts'
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
    const { terminal, files, cwd } = session.io
    if (name !== '') parseReference(name)
    const remote = /^https?:\/\//.test(source)
    const path = absolute(cwd, source)
    if (!remote && source !== '-') {
      await files.stat(path).catch((cause: unknown) => {
        throw failure(`open ${source}: ${goError(cause)}`, cause)
      })
    }
    const body = remote
      ? undefined
      : source === '-'
        ? terminal.stdin
        : files.readStream(path, { chunkBytes: 1024 * 1024 })
    const client = await session.client()
    const messages = client.messages<ProgressMessage>('POST', '/images/create', {
      query: {
        fromSrc: remote ? source : '-',
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
