/** `rename`: gives a container another name. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { messageOf } from '#base/errors/gantry-error.ts'

export const rename: Verb = {
  usage: 'CONTAINER NEW_NAME',
  flags: [],
  count: exactly(2),
  completes: 'containers',
  async run({ args, session }) {
    const [from = '', to = ''] = args.map((name) => name.trim())
    if (from === '' || to === '') throw failure('Error: Neither old nor new names may be empty')
    const client = await session.client()
    try {
      await client.text('POST', `/containers${pathOf(from)}/rename`, { query: { name: to } })
    } catch (error) {
      await session.warn(`${messageOf(error)}\n`)
      throw failure(`Error: failed to rename container named ${from}`, error)
    }
  },
}
