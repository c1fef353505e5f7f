/** `context use`: makes a context the current one. */
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'

export const contextUse: Verb = {
  usage: 'CONTEXT',
  flags: [],
  count: exactly(1),
  completes: 'contexts',
  async run({ args, session }) {
    const [name = ''] = args
    if (name !== 'default') await (await session.contexts()).read(name)
    const { currentContext: _, ...rest } = await session.config()
    await session.saveConfig(name === 'default' ? rest : { ...rest, currentContext: name })
    await session.print(`${name}\n`)
    await session.warn(`Current context is now "${name}"\n`)
    if (name !== 'default' && (session.io.env['DOCKER_HOST'] ?? '') !== '')
      await session.warn(
        `Warning: DOCKER_HOST environment variable overrides the active context. To use "${name}", either set the global --context flag, or unset DOCKER_HOST environment variable.\n`,
      )
  },
}
