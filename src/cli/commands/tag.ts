/** `tag`: gives an image another name. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import { fullName, parseReference } from '#cli/docker/references.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'

export const tag: Verb = {
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  flags: [],
  count: exactly(2),
  completes: 'images',
  async run({ args, session }) {
    const [source = '', target = ''] = args
    const parsed = ((): ReturnType<typeof parseReference> => {
      try {
        return parseReference(target)
      } catch (error) {
        throw failure(`Error parsing reference: "${target}" is not a valid repository/tag: ${messageOf(error)}`, error)
      }
    })()
    if (parsed.digest !== undefined) throw failure('refusing to create a tag with a digest reference')
    const client = await session.client()
    await client.text('POST', `/images${pathOf(source)}/tag`, {
      query: { repo: fullName(parsed), tag: parsed.tag ?? 'latest' },
    })
  },
}
