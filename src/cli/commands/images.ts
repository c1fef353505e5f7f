/** `images`: lists images. */
import type { Call, Verb } from '#cli/grammar/command.ts'
import { atMost } from '#cli/grammar/command.ts'
import { planFormat } from '#cli/output/listing.ts'
import { filtersQuery } from './filters.ts'
import type { ImageSummary } from './image-listing.ts'
import { imageListing, imageRows } from './image-listing.ts'
import { filterFlag, formatFlag, noTruncFlag, quietFlag } from './list-flags.table.ts'

export const images: Verb = {
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show intermediate images too' },
    { name: 'digests', kind: 'bool', help: 'Show digests' },
    filterFlag,
    formatFlag,
    noTruncFlag,
    quietFlag('IDs'),
  ],
  count: atMost(1),
  completes: 'images',
  run: listImages,
}

async function listImages({ flags, args, session }: Call): Promise<void> {
  const quiet = flags.bool('quiet')
  const format = flags.text('format') || (quiet ? '' : ((await session.config()).imagesFormat ?? ''))
  const filters = args[0] === undefined ? flags.list('filter') : [...flags.list('filter'), `reference=${args[0]}`]
  const client = await session.client()
  const found = await client.json<readonly ImageSummary[]>('GET', '/images/json', {
    query: { all: flags.bool('all'), filters: filtersQuery(filters), digests: false },
  })
  const shape = imageListing({ digests: flags.bool('digests') })
  const digests = flags.bool('digests') || /\.Digest\b/.test(planFormat(shape, { format, quiet }).template)
  const rows = found.flatMap((image) =>
    imageRows(image, { nowMs: session.io.clock.now(), full: flags.bool('no-trunc'), digests }),
  )
  await session.list(shape, rows, { format, quiet })
}
