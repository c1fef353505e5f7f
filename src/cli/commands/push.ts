/** `push`: sends an image to a registry. */
import { encodeAuth, readCredentials, serverKey } from '#cli/docker/credentials.ts'
import { failure } from '#cli/docker/exit.ts'
import type { ProgressMessage } from '#cli/docker/progress.ts'
import { showProgress } from '#cli/docker/progress.ts'
import { fullName, parseReference } from '#cli/docker/references.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { platformQuery } from './platform-query.ts'

export const push: Verb = {
  usage: '[OPTIONS] NAME[:TAG]',
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Send every tag of the repository' },
    { name: 'disable-content-trust', kind: 'bool', default: 'true', help: 'Do not sign' },
    { name: 'platform', kind: 'string', help: 'Platform to send (os/architecture)' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Show no progress' },
  ],
  count: exactly(1),
  completes: 'images',
  async run({ flags, args, session }) {
    const reference = parseReference(args[0] ?? '')
    const allTags = flags.bool('all-tags')
    if (allTags && reference.tag !== undefined) throw failure("tag can't be used with --all-tags/-a")
    const tag = allTags ? undefined : (reference.tag ?? 'latest')
    const quiet = flags.bool('quiet')
    if (!allTags && !quiet && reference.tag === undefined) await session.print('Using default tag: latest\n')
    const auth = await readCredentials(session, serverKey(reference.domain))
    const client = await session.client()
    const messages = client.messages<ProgressMessage>('POST', `/images${pathOf(fullName(reference))}/push`, {
      query: { tag, platform: platformQuery(flags.text('platform')) },
      headers: { 'X-Registry-Auth': encodeAuth(auth) },
    })
    await showProgress(session, messages, quiet ? { print: () => Promise.resolve() } : {})
    if (quiet) await session.print(`${fullName(reference)}${tag === undefined ? '' : `:${tag}`}\n`)
  },
}
