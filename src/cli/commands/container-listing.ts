/** A container as a row of `ps`. */
import { goQuote } from '#base/data/go-quote.ts'
import { ellipsis } from '#cli/output/display-width.ts'
import { ago } from '#cli/output/human-units.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import type { ListingShape, Row } from '#cli/output/listing.ts'
import { portsColumn } from '#cli/output/ports-column.ts'
import type { PortRow } from '#cli/output/ports-column.ts'
import { goTime } from '#cli/docker/timestamps.ts'

export interface ContainerSummary {
  readonly Id: string
  readonly Names?: readonly string[]
  readonly Image: string
  readonly ImageID?: string
  readonly Command?: string
  readonly Created: number
  readonly Ports?: readonly PortRow[] | null
  readonly SizeRw?: number
  readonly SizeRootFs?: number
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly State?: string
  readonly Status?: string
  readonly Mounts?:
    | readonly { readonly Type?: string; readonly Name?: string; readonly Source?: string; readonly Driver?: string }[]
    | null
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, unknown>> | null } | null
}

const table = '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}'
const raw =
  'container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\nstate: {{- pad .State 1 0}}\nstatus: {{- pad .Status 1 0}}\nnames: {{.Names}}\nlabels: {{- pad .Labels 1 0}}\nports: {{- pad .Ports 1 0}}\n'

/** How `ps` lays out its rows. */
export function containerListing({ size }: { readonly size: boolean }): ListingShape {
  return {
    typeName: '*formatter.ContainerContext',
    table: size ? `${table}\t{{.Size}}` : table,
    quiet: '{{.ID}}',
    raw: size ? `${raw}size: {{.Size}}\n` : raw,
    headers: {
      ID: 'CONTAINER ID',
      Names: 'NAMES',
      Image: 'IMAGE',
      Command: 'COMMAND',
      CreatedAt: 'CREATED AT',
      RunningFor: 'CREATED',
      Ports: 'PORTS',
      State: 'STATE',
      Status: 'STATUS',
      Size: 'SIZE',
      Labels: 'LABELS',
      Mounts: 'MOUNTS',
      LocalVolumes: 'LOCAL VOLUMES',
      Networks: 'NETWORKS',
      Platform: 'PLATFORM',
    },
  }
}

/** The first 12 digits of an ID. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}

/** The fields of one container. */
export function containerRow(
  container: ContainerSummary,
  { nowMs, full }: { readonly nowMs: number; readonly full: boolean },
): Row {
  const { Labels, Command: command = '', State: state = '', Status: status = '' } = container
  const labels = Labels ?? {}
  const mounts = container.Mounts ?? []
  return {
    ID: full ? container.Id : shortId(container.Id),
    Names: namesText(container.Names ?? [], full),
    Image: imageText(container, full),
    Command: goQuote(full ? command : ellipsis(command, 20)),
    CreatedAt: goTime(container.Created * 1000),
    RunningFor: ago(container.Created * 1000, nowMs),
    Ports: portsColumn(container.Ports ?? []),
    State: state,
    Status: status,
    Size: sizeText(container),
    Labels: Object.keys(labels)
      .toSorted()
      .map((key) => `${key}=${labels[key] ?? ''}`)
      .join(','),
    Label: (name: unknown): string => labels[String(name)] ?? '',
    Mounts: mounts
      .map(({ Name: name = '', Source: source = '' }) => name || source)
      .map((name) => (full ? name : ellipsis(name, 15)))
      .join(','),
    LocalVolumes: String(mounts.filter((mount) => mount.Driver === 'local').length),
    Networks: Object.keys(container.NetworkSettings?.Networks ?? {})
      .toSorted()
      .join(','),
    Platform: null,
  }
}

/** Names without their slash; those that links gave only in full. */
function namesText(names: readonly string[], full: boolean): string {
  return names
    .map((name) => name.replace(/^\//, ''))
    .filter((name) => full || !name.includes('/'))
    .join(',')
}

function imageText({ Image: image, ImageID: imageId = '' }: ContainerSummary, full: boolean): string {
  if (image === '') return '<no image>'
  if (full) return image
  if (shortId(image) === shortId(imageId)) return shortId(imageId)
  return image.replace(/@[\w+.-]+:[\da-f]{32,}$/, '')
}

function sizeText({ SizeRw: own = 0, SizeRootFs: all = 0 }: ContainerSummary): string {
  return all > 0 ? `${formatDecimalSize(own, 3)} (virtual ${formatDecimalSize(all, 3)})` : formatDecimalSize(own, 3)
}
