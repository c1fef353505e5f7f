/** `context rm`: removes contexts. */
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { eachArgument } from './each-argument.ts'

export const contextRm: Verb = {
  usage: 'CONTEXT [CONTEXT...]',
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Remove the current one too' }],
  count: atLeast(1),
  completes: 'contexts',
  async run({ flags, args, session }) {
    const store = await session.contexts()
    const force = flags.bool('force')
    const remove = async (name: string): Promise<void> => {
      if (name === 'default') throw failure('context "default" cannot be removed')
      if (!force) await store.read(name)
      const config = await session.config()
      if (config.currentContext === name) {
        if (!force) throw failure(`context "${name}" is in use, set -f flag to force remove`)
        const { currentContext: _, ...rest } = config
        await session.saveConfig(rest)
      }
      await store.remove(name)
    }
    await eachArgument(session, args, { run: remove })
  },
}
