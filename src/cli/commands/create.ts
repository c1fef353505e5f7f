/** `create`: makes a container without starting it. */
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { containerFlags } from './container-flags.table.ts'
import { createContainer, readBody, withHelp } from './create-container.ts'

export const create: Verb = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: containerFlags,
  count: atLeast(1),
  interspersed: false,
  completes: 'images',
  async run({ flags, args, session }) {
    const client = await session.client()
    const body = await readBody({ flags, args, session }, client).catch((error: unknown) => {
      throw withHelp(session, 'create', { error })
    })
    await session.print(`${await createContainer(session, client, { flags, body })}\n`)
  },
}
