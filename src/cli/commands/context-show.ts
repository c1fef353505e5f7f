/** `context show`: prints the name of the current context. */
import type { Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'

export const contextShow: Verb = {
  usage: '',
  flags: [],
  count: none,
  async run({ session }) {
    await session.print(`${(await session.endpoint()).context}\n`)
  },
}
