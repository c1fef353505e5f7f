/** `checkpoint ls`: lists the checkpoints of a container. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'

const shape = { typeName: '*checkpoint.checkpointContext', table: '{{.Name}}', headers: { Name: 'CHECKPOINT NAME' } }

export const checkpointLs: Verb = {
  usage: '[OPTIONS] CONTAINER',
  flags: [{ name: 'checkpoint-dir', kind: 'string', help: 'Folder of the checkpoints' }],
  count: exactly(1),
  completes: 'containers',
  async run({ flags, args, session }) {
    const client = await session.client()
    const { 'docker-experimental': experimental } = await client.ping()
    if (experimental !== 'true')
      throw failure(
        `${session.io.program} checkpoint ls is only supported on a Docker daemon with experimental features enabled`,
      )
    const found = await client.json<readonly { readonly Name: string }[] | null>(
      'GET',
      `/containers${pathOf(args[0] ?? '')}/checkpoints`,
      { query: { dir: flags.text('checkpoint-dir') || undefined } },
    )
    await session.list(
      shape,
      (found ?? []).map(({ Name }) => ({ Name })),
      { format: '' },
    )
  },
}
