/** `system dial-stdio`: connects standard input and output to the engine, for clients that come over ssh. */
import { pipeline } from 'node:stream/promises'
import type { Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'

export const systemDialStdio: Verb = {
  usage: '',
  flags: [],
  count: none,
  async run({ session }) {
    const { stdin, stdout } = session.io.terminal
    const connection = await (await session.client()).endpoint.dial()
    const up = pipeline(stdin, connection)
    up.catch(() => undefined)
    for await (const chunk of connection as AsyncIterable<Uint8Array>)
      if (!stdout.write(chunk)) await new Promise((resolve) => stdout.once('drain', resolve))
    stdin.destroy()
  },
}
