/** `logs`: prints what a container wrote. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { createDemultiplexer } from '#clients/docker/multiplex.ts'
import { failure } from '#cli/docker/exit.ts'
import { writeTo } from '#cli/docker/session.ts'
import { timestampOf } from '#cli/docker/timestamps.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'

export const logs: Verb = {
  usage: '[OPTIONS] CONTAINER',
  flags: [
    { name: 'details', kind: 'bool', help: 'Show further attributes' },
    { name: 'follow', short: 'f', kind: 'bool', help: 'Keep printing as more is written' },
    { name: 'since', kind: 'string', help: 'Only from this time (2013-01-02T13:23:37Z) or age (42m) on' },
    { name: 'tail', short: 'n', kind: 'string', default: 'all', help: 'Number of lines from the end' },
    { name: 'timestamps', short: 't', kind: 'bool', help: 'Show times' },
    { name: 'until', kind: 'string', help: 'Only up to this time or age' },
  ],
  count: exactly(1),
  completes: 'containers',
  async run({ flags, args, session }) {
    const [name = ''] = args
    const client = await session.client()
    const { Id: id, Config: config } = await client.json<{
      readonly Id: string
      readonly Config: { readonly Tty?: boolean }
    }>('GET', `/containers${pathOf(name)}/json`)
    const time = (flag: string): string | undefined => {
      const text = flags.text(flag)
      if (text === '') return undefined
      const stamp = timestampOf(text, session.io.clock.now())
      if (stamp === undefined)
        throw failure(`invalid value for "${flag}": failed to parse value as time or duration: "${text}"`)
      return stamp
    }
    const reply = await client.stream('GET', `/containers${pathOf(id)}/logs`, {
      query: {
        details: flags.bool('details'),
        follow: flags.bool('follow'),
        stdout: true,
        stderr: true,
        since: time('since'),
        until: time('until'),
        tail: flags.text('tail'),
        timestamps: flags.bool('timestamps'),
      },
    })
    const { stdout, stderr } = session.io.terminal
    const frames = createDemultiplexer()
    for await (const chunk of reply.body as AsyncIterable<Uint8Array>) {
      if (config.Tty === true) await writeTo(stdout, chunk)
      else
        for (const { stream, payload } of frames.feed(chunk))
          await writeTo(stream === 'stdout' ? stdout : stderr, payload)
    }
  },
}
