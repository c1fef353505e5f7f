/** `history`: lists the layers of an image. */
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { ellipsis } from '#cli/output/display-width.ts'
import { ago } from '#cli/output/human-units.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import type { ListingShape } from '#cli/output/listing.ts'
import { goTime } from '#cli/docker/timestamps.ts'
import { shortId } from './container-listing.ts'
import { formatFlag, noTruncFlag, quietFlag } from './list-flags.table.ts'
import { platformQuery } from './platform-query.ts'

interface Layer {
  readonly Id: string
  readonly Created: number
  readonly CreatedBy: string
  readonly Size: number
  readonly Comment: string
}

const shape = (human: boolean): ListingShape => ({
  typeName: '*image.historyContext',
  table: `{{.ID}}\t${human ? '{{.CreatedSince}}' : '{{.CreatedAt}}'}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`,
  quiet: '{{.ID}}',
  headers: {
    ID: 'IMAGE',
    CreatedSince: 'CREATED',
    CreatedAt: 'CREATED AT',
    CreatedBy: 'CREATED BY',
    Size: 'SIZE',
    Comment: 'COMMENT',
  },
})

export const history: Verb = {
  usage: '[OPTIONS] IMAGE',
  flags: [
    formatFlag,
    { name: 'human', short: 'H', kind: 'bool', default: 'true', help: 'Print sizes and dates for people' },
    noTruncFlag,
    { name: 'platform', kind: 'string', help: 'Platform to show (os/architecture)' },
    quietFlag('IDs'),
  ],
  count: exactly(1),
  completes: 'images',
  async run({ flags, args, session }) {
    const client = await session.client()
    const layers = await client.json<readonly Layer[]>('GET', `/images${pathOf(args[0] ?? '')}/history`, {
      query: { platform: platformQuery(flags.text('platform')) },
    })
    const [human, full, now] = [flags.bool('human'), flags.bool('no-trunc'), session.io.clock.now()]
    const rows = layers.map((layer) => ({
      ID: full ? layer.Id : shortId(layer.Id),
      CreatedAt:
        layer.Created <= 0
          ? 'N/A'
          : goTime(layer.Created * 1000)
              .replace(' ', 'T')
              .replace(' +0000 UTC', 'Z'),
      CreatedSince: human ? ago(layer.Created * 1000, now) : goTime(layer.Created * 1000),
      CreatedBy: full ? layer.CreatedBy : ellipsis(layer.CreatedBy.replaceAll('\t', ' '), 45),
      Size: human ? formatDecimalSize(layer.Size, 3) : String(layer.Size),
      Comment: layer.Comment,
    }))
    await session.list(shape(human), rows, { format: flags.text('format'), quiet: flags.bool('quiet') })
  },
}
