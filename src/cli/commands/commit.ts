/** `commit`: makes an image of a container's filesystem. */
import { fullName, parseReference } from '#cli/docker/references.ts'
import type { Verb } from '#cli/grammar/command.ts'

export const commit: Verb = {
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  flags: [
    { name: 'author', short: 'a', kind: 'string', help: 'Author of the image' },
    { name: 'change', short: 'c', kind: 'list', help: 'Dockerfile instruction to apply' },
    { name: 'message', short: 'm', kind: 'string', help: 'Comment of the image' },
    { name: 'pause', short: 'p', kind: 'bool', default: 'true', help: 'Freeze the container meanwhile' },
  ],
  count: { kind: 'between', least: 1, most: 2 },
  completes: 'containers',
  async run({ flags, args, session }) {
    const [container = '', name] = args
    const reference = name === undefined ? undefined : parseReference(name)
    const client = await session.client()
    const { Id: id } = await client.json<{ readonly Id: string }>('POST', '/commit', {
      query: {
        container,
        ...(reference === undefined ? {} : { repo: fullName(reference), tag: reference.tag ?? 'latest' }),
        comment: flags.text('message') || undefined,
        author: flags.text('author') || undefined,
        changes: flags.list('change'),
        ...(flags.bool('pause') ? {} : { pause: '0' }),
      },
      json: {},
    })
    await session.print(`${id}\n`)
  },
}
