/** `load`: reads images from a tar archive. */
import { failure } from '#cli/docker/exit.ts'
import type { ProgressMessage } from '#cli/docker/progress.ts'
import { showProgress } from '#cli/docker/progress.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { readJsonMessages } from '#clients/docker/json-messages.ts'
import { goError } from './key-value-files.ts'
import { absolute } from './mount-flag.ts'
import { platformQuery } from './platform-query.ts'

export const load: Verb = {
  usage: '[OPTIONS]',
  flags: [
    { name: 'input', short: 'i', kind: 'string', help: 'File to read, in place of STDIN' },
    { name: 'platform', kind: 'string', help: 'Platform to load (os/architecture)' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Show no progress' },
  ],
  count: none,
  async run({ flags, session }) {
    const { terminal, files, cwd } = session.io
    const input = flags.text('input')
    if (input === '' && terminal.stdinIsTerminal) throw failure('requested load from stdin, but stdin is empty')
    if (input !== '') {
      await files.stat(absolute(cwd, input)).catch((cause: unknown) => {
        throw failure(`open ${input}: ${goError(cause)}`, cause)
      })
    }
    const client = await session.client()
    const quiet = flags.bool('quiet') || !terminal.stdoutIsTerminal
    const body = input === '' ? terminal.stdin : files.readStream(absolute(cwd, input), { chunkBytes: 1024 * 1024 })
    const reply = await client.stream('POST', '/images/load', {
      query: { quiet, platform: platformQuery(flags.text('platform')) },
      headers: { 'Content-Type': 'application/x-tar' },
      body,
    })
    const bytes = reply.body as AsyncIterable<Uint8Array>
    if (reply.headers['content-type']?.startsWith('application/json') === true)
      await showProgress(session, readJsonMessages(bytes) as AsyncIterable<ProgressMessage>)
    else for await (const chunk of bytes) await session.print(chunk)
  },
}
