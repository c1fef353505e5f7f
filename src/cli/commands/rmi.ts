/** `rmi`: removes images, or only their names. */
import { isErrorKind, messageOf } from '#base/errors/gantry-error.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { exitWith } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { platformQuery } from './platform-query.ts'

export interface RemovedImage {
  readonly Untagged?: string
  readonly Deleted?: string
}

export const rmi: Verb = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Remove images in use by name too' },
    { name: 'no-prune', kind: 'bool', help: 'Keep untagged parents' },
    { name: 'platform', kind: 'strings', help: 'Remove this platform only' },
  ],
  count: atLeast(1),
  completes: 'images',
  async run({ flags, args, session }) {
    const client = await session.client()
    const failures: string[] = []
    let fatal = false
    for (const name of args) {
      try {
        const removed = await client.json<readonly RemovedImage[]>('DELETE', `/images${pathOf(name)}`, {
          query: {
            force: flags.bool('force'),
            noprune: flags.bool('no-prune'),
            platforms: flags.list('platform').map((one) => platformQuery(one) ?? ''),
          },
        })
        await session.print(
          removed
            .map((item) =>
              item.Deleted === undefined ? `Untagged: ${item.Untagged ?? ''}\n` : `Deleted: ${item.Deleted}\n`,
            )
            .join(''),
        )
      } catch (error) {
        if (!isErrorKind(error, 'not-found')) fatal = true
        failures.push(messageOf(error))
      }
    }
    if (failures.length === 0) return
    const message = failures.join('\n')
    if (!flags.bool('force') || fatal) throw exitWith(1, message)
    await session.warn(`${message}\n`)
  },
}
