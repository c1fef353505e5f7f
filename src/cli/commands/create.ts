/** `create`: makes a container without starting it. */
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { containerBody } from './container-config.ts'
import { containerFlags } from './container-flags.table.ts'
import { createContainer, requireApi, withHelp } from './create-container.ts'

export const create: Verb = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: containerFlags,
  count: atLeast(1),
  interspersed: false,
  completes: 'images',
  async run({ flags, args, session }) {
    const client = await session.client()
    try {
      if (flags.list('annotation').length > 0) await requireApi(client, '1.43', 'annotation')
      const body = await containerBody({ flags, args, session })
      await session.print(`${await createContainer(session, client, { flags, body })}\n`)
    } catch (error) {
      throw withHelp(session, 'create', { error })
    }
  },
}
