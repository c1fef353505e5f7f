/** `diff`: lists what changed in a container's filesystem. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'

const letters = ['C', 'A', 'D']

export const diff: Verb = {
  usage: 'CONTAINER',
  flags: [],
  count: exactly(1),
  completes: 'containers',
  async run({ args, session }) {
    const [name = ''] = args
    if (name === '') throw failure('Container name cannot be empty')
    const client = await session.client()
    const changes = await client.json<readonly { readonly Path: string; readonly Kind: number }[] | null>(
      'GET',
      `/containers${pathOf(name)}/changes`,
    )
    await session.print(
      (Array.isArray(changes) ? (changes as readonly { readonly Path: string; readonly Kind: number }[]) : [])
        .map(({ Path: path, Kind: kind }) => `${letters[kind] ?? '?'} ${path}\n`)
        .join(''),
    )
  },
}
