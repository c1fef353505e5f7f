/** `volume ls`: lists volumes. */
import type { Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import type { ListingShape } from '#cli/output/listing.ts'
import { filtersQuery } from './filters.ts'
import { filterFlag, formatFlag, quietFlag } from './list-flags.table.ts'
import { labelsText } from './network-listing.ts'

export interface VolumeSummary {
  readonly Name: string
  readonly Driver: string
  readonly Scope?: string
  readonly Mountpoint?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly UsageData?: { readonly Size?: number; readonly RefCount?: number } | null
}

export const volumeListing: ListingShape = {
  typeName: '*formatter.volumeContext',
  table: '{{.Driver}}\t{{.Name}}',
  quiet: '{{.Name}}',
  raw: 'name: {{.Name}}\ndriver: {{.Driver}}\n',
  headers: {
    Name: 'VOLUME NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    Mountpoint: 'MOUNTPOINT',
    Labels: 'LABELS',
    Links: 'LINKS',
    Size: 'SIZE',
    Group: 'GROUP',
    Availability: 'AVAILABILITY',
    Status: 'STATUS',
  },
}

/** The fields of one volume. */
export function volumeRow(volume: VolumeSummary): Readonly<Record<string, unknown>> {
  const labels = volume.Labels ?? {}
  return {
    Name: volume.Name,
    Driver: volume.Driver,
    Scope: volume.Scope ?? '',
    Mountpoint: volume.Mountpoint ?? '',
    Labels: labelsText(labels),
    Label: (name: unknown): string => labels[String(name)] ?? '',
    Links: volume.UsageData === undefined || volume.UsageData === null ? 'N/A' : String(volume.UsageData.RefCount ?? 0),
    Size:
      volume.UsageData === undefined || volume.UsageData === null
        ? 'N/A'
        : formatDecimalSize(volume.UsageData.Size ?? 0),
    Group: 'N/A',
    Availability: 'N/A',
    Status: 'N/A',
  }
}

export const volumeLs: Verb = {
  usage: '[OPTIONS]',
  flags: [
    { name: 'cluster', kind: 'bool', help: 'Show cluster volumes only' },
    filterFlag,
    formatFlag,
    quietFlag('names'),
  ],
  count: none,
  async run({ flags, session }) {
    const client = await session.client()
    const { Volumes: volumes } = await client.json<{ readonly Volumes: readonly VolumeSummary[] | null }>(
      'GET',
      '/volumes',
      { query: { filters: filtersQuery(flags.list('filter')) } },
    )
    const quiet = flags.bool('quiet')
    const format = flags.text('format') || (quiet ? '' : ((await session.config()).volumesFormat ?? ''))
    const sorted = (volumes ?? []).toSorted((a, b) => a.Name.localeCompare(b.Name, 'en', { numeric: true }))
    await session.list(volumeListing, sorted.map(volumeRow), { format, quiet })
  },
}
