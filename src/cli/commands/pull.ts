/** `pull`: fetches an image from a registry. */
import { failure } from '#cli/docker/exit.ts'
import { familiarText, parseReference } from '#cli/docker/references.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { pullImage } from './pull-image.ts'

export const pull: Verb = {
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Fetch every tag of the repository' },
    { name: 'disable-content-trust', kind: 'bool', default: 'true', help: 'Leave signatures unchecked' },
    { name: 'platform', kind: 'string', help: 'Platform to fetch (os/architecture)' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Show no progress' },
  ],
  count: exactly(1),
  completes: 'images',
  async run({ flags, args, session }) {
    const reference = parseReference(args[0] ?? '')
    const allTags = flags.bool('all-tags')
    if (allTags && (reference.tag !== undefined || reference.digest !== undefined))
      throw failure("tag can't be used with --all-tags/-a")
    const quiet = flags.bool('quiet')
    if (!allTags && !quiet && reference.tag === undefined && reference.digest === undefined)
      await session.print('Using default tag: latest\n')
    const client = await session.client()
    await pullImage(session, client, { reference, options: { quiet, allTags, platform: flags.text('platform') } })
    const tail = allTags
      ? ''
      : familiarText(reference).slice(familiarText({ ...reference, tag: 'x', digest: undefined }).length - 2)
    await session.print(`${reference.domain}/${reference.path}${tail}\n`)
  },
}
