/** `image inspect`: shows the details of images. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { daemonMessage, exitWith } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { inspectObjects } from './inspect-objects.ts'
import { inspectFormatFlag } from './list-flags.table.ts'
import { platformQuery } from './platform-query.ts'

/** A missing image is named twice, as the docker client does. */
export async function imageText(client: EngineClient, name: string, platform = ''): Promise<string> {
  try {
    return await client.text('GET', `/images${pathOf(name)}/json`, { query: { platform: platformQuery(platform) } })
  } catch (error) {
    if (!isErrorKind(error, 'not-found')) throw error
    throw exitWith(1, `Error response from daemon: ${daemonMessage(error)}`, error)
  }
}

export const imageInspect: Verb = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: [inspectFormatFlag, { name: 'platform', kind: 'string', help: 'Platform to show (os/architecture)' }],
  count: atLeast(1),
  completes: 'images',
  async run({ flags, args, session }) {
    const client = await session.client()
    await inspectObjects(session, args, {
      format: flags.text('format'),
      find: async (name) => ({ struct: 'image', text: await imageText(client, name, flags.text('platform')) }),
    })
  },
}
