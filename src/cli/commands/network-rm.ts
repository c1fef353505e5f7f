/** `network rm`: removes networks. */
import { isErrorKind, messageOf } from '#base/errors/gantry-error.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { exitWith } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'

export const networkRm: Verb = {
  usage: 'NETWORK [NETWORK...]',
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Do not fail when there is no such network' }],
  count: atLeast(1),
  completes: 'networks',
  async run({ flags, args, session }) {
    const client = await session.client()
    let failed = false
    for (const name of args) {
      try {
        await client.text('DELETE', `/networks${pathOf(name)}`)
        await session.print(`${name}\n`)
      } catch (error) {
        if (flags.bool('force') && isErrorKind(error, 'not-found')) continue
        await session.warn(`${messageOf(error)}\n`)
        failed = true
      }
    }
    if (failed) throw exitWith(1, 'exit status 1')
  },
}
