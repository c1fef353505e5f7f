/** `wait`: waits for containers to end and prints their exit codes. */
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { exitWith } from '#cli/docker/exit.ts'
import { eachArgument } from './each-argument.ts'
import { waitForExit } from './wait-for-exit.ts'

export const wait: Verb = {
  usage: 'CONTAINER [CONTAINER...]',
  flags: [],
  count: atLeast(1),
  completes: 'running',
  async run({ args, session }) {
    const client = await session.client()
    const run = async (id: string): Promise<number> => {
      const { exitCode, error } = await (await waitForExit(client, { id, condition: 'not-running' })).status
      if (error !== undefined) throw exitWith(1, error)
      return exitCode
    }
    await eachArgument(session, args, { run, options: { success: (_, code) => String(code) } })
  },
}
