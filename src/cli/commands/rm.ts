/** `rm`: removes containers. */
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { eachArgument } from './each-argument.ts'

export const rm: Verb = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Kill a running container first' },
    { name: 'link', short: 'l', kind: 'bool', help: 'Remove the link, not the container' },
    { name: 'volumes', short: 'v', kind: 'bool', help: 'Remove its anonymous volumes too' },
  ],
  count: atLeast(1),
  completes: 'containers',
  async run({ flags, args, session }) {
    const client = await session.client()
    const force = flags.bool('force')
    const run = async (given: string): Promise<unknown> => {
      const name = given.replace(/^\/+|\/+$/g, '')
      if (name === '') throw failure('Container name cannot be empty')
      return client.text('DELETE', `/containers${pathOf(name)}`, {
        query: { v: flags.bool('volumes'), link: flags.bool('link'), force },
      })
    }
    const forgiving = async (name: string): Promise<unknown> => {
      try {
        return await run(name)
      } catch (error) {
        if (!force || !isErrorKind(error, 'not-found')) throw error
        await session.warn(`${error.message}\n`)
        return missing
      }
    }
    await eachArgument(session, args, {
      run: forgiving,
      options: { parallel: 50, success: (name, result) => (result === missing ? '' : name) },
    })
  },
}

const missing: unique symbol = Symbol('missing')
