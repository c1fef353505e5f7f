/** `top`: lists the processes of a container. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { alignColumns } from '#cli/output/tab-writer.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'

export const top: Verb = {
  usage: 'CONTAINER [ps OPTIONS]',
  flags: [],
  count: atLeast(1),
  interspersed: false,
  completes: 'running',
  async run({ args, session }) {
    const [name = '', ...options] = args
    const client = await session.client()
    const { Titles: titles, Processes: processes } = await client.json<{
      readonly Titles: readonly string[]
      readonly Processes: readonly (readonly string[])[] | null
    }>('GET', `/containers${pathOf(name)}/top`, { query: { ps_args: options.join(' ') || undefined } })
    const lines = [titles, ...(processes ?? [])].map((cells) => cells.join('\t'))
    await session.print(alignColumns(`${lines.join('\n')}\n`, { minWidth: 20, padding: 3 }))
  },
}
