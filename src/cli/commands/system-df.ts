/** `system df`: shows disk usage. */
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { ago } from '#cli/output/human-units.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import type { ListingShape, Row } from '#cli/output/listing.ts'
import { renderListing } from '#cli/output/listing.ts'
import { failure } from '#cli/docker/exit.ts'
import { epochMs } from '#cli/docker/timestamps.ts'
import type { ContainerSummary } from './container-listing.ts'
import { containerRow, shortId } from './container-listing.ts'
import type { ImageSummary } from './image-listing.ts'
import { imageRows } from './image-listing.ts'
import { formatFlag } from './list-flags.table.ts'
import type { VolumeSummary } from './volume-ls.ts'
import { volumeListing, volumeRow } from './volume-ls.ts'

interface CacheRecord {
  readonly ID: string
  readonly Type: string
  readonly InUse: boolean
  readonly Shared: boolean
  readonly Size: number
  readonly CreatedAt: string
  readonly LastUsedAt?: string | null
  readonly UsageCount: number
}

interface DiskUsage {
  readonly LayersSize?: number
  readonly Images?: readonly ImageSummary[] | null
  readonly Containers?: readonly ContainerSummary[] | null
  readonly Volumes?: readonly VolumeSummary[] | null
  readonly BuildCache?: readonly CacheRecord[] | null
}

const totals: ListingShape = {
  typeName: '*formatter.diskUsageContext',
  table: '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
  headers: { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' },
}

export const systemDf: Verb = {
  usage: '[OPTIONS]',
  flags: [formatFlag, { name: 'verbose', short: 'v', kind: 'bool', help: 'Show every object' }],
  count: none,
  run: showUsage,
}

async function showUsage({ flags, session }: Call): Promise<void> {
  if (flags.bool('verbose') && flags.text('format') !== '' && flags.text('format') !== 'json')
    throw failure('the verbose and the format options conflict')
  const client = await session.client()
  const usage = await client.json<DiskUsage>('GET', '/system/df')
  if (flags.bool('verbose')) await session.print(verboseText(usage, session.io.clock.now()))
  else await session.list(totals, totalRows(usage), { format: flags.text('format') })
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function reclaimable(bytes: number, of: number): string {
  return of > 0 ? `${formatDecimalSize(bytes)} (${Math.trunc((bytes * 100) / of)}%)` : formatDecimalSize(bytes)
}

function totalRows(usage: DiskUsage): readonly Row[] {
  const images = usage.Images ?? []
  const containers = usage.Containers ?? []
  const volumes = usage.Volumes ?? []
  const cache = usage.BuildCache ?? []
  const layers = usage.LayersSize ?? 0
  const usedImages = sum(
    images
      .filter((image) => (image.Containers ?? 0) > 0 && image.Size !== -1 && image.SharedSize !== -1)
      .map((image) => image.Size - (image.SharedSize ?? 0)),
  )
  const stopped = containers.filter(
    (container) => !['running', 'paused', 'restarting'].includes((container.State ?? '').toLowerCase()),
  )
  const sizeOf = (list: readonly ContainerSummary[]): number => sum(list.map((container) => container.SizeRw ?? 0))
  const free = volumes.filter((volume) => (volume.UsageData?.RefCount ?? 0) === 0)
  const volumeSize = (list: readonly VolumeSummary[]): number =>
    sum(list.map((volume) => Math.max(0, volume.UsageData?.Size ?? 0)))
  const cacheSize = sum(cache.filter((record) => !record.Shared).map((record) => record.Size))
  const cacheFree = sum(cache.filter((record) => !record.InUse && !record.Shared).map((record) => record.Size))
  return [
    {
      Type: 'Images',
      TotalCount: String(images.length),
      Active: String(images.filter((image) => (image.Containers ?? 0) > 0).length),
      Size: formatDecimalSize(layers),
      Reclaimable: reclaimable(layers - usedImages, layers),
    },
    {
      Type: 'Containers',
      TotalCount: String(containers.length),
      Active: String(containers.length - stopped.length),
      Size: formatDecimalSize(sizeOf(containers)),
      Reclaimable: reclaimable(sizeOf(stopped), sizeOf(containers)),
    },
    {
      Type: 'Local Volumes',
      TotalCount: String(volumes.length),
      Active: String(volumes.length - free.length),
      Size: formatDecimalSize(volumeSize(volumes)),
      Reclaimable: reclaimable(volumeSize(free), volumeSize(volumes)),
    },
    {
      Type: 'Build Cache',
      TotalCount: String(cache.length),
      Active: String(cache.filter((record) => record.InUse).length),
      Size: formatDecimalSize(cacheSize),
      Reclaimable: formatDecimalSize(cacheFree),
    },
  ]
}

function verboseText(usage: DiskUsage, nowMs: number): string {
  const images: ListingShape = {
    typeName: '*formatter.diskUsageImagesContext',
    table:
      '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.VirtualSize}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}',
    headers: {
      Repository: 'REPOSITORY',
      Tag: 'TAG',
      ID: 'IMAGE ID',
      CreatedSince: 'CREATED',
      VirtualSize: 'SIZE',
      SharedSize: 'SHARED SIZE',
      UniqueSize: 'UNIQUE SIZE',
      Containers: 'CONTAINERS',
    },
  }
  const containers: ListingShape = {
    typeName: '*formatter.diskUsageContainersContext',
    table: '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}',
    headers: {
      ID: 'CONTAINER ID',
      Image: 'IMAGE',
      Command: 'COMMAND',
      LocalVolumes: 'LOCAL VOLUMES',
      Size: 'SIZE',
      RunningFor: 'CREATED',
      Status: 'STATUS',
      Names: 'NAMES',
    },
  }
  const cacheShape: ListingShape = {
    typeName: '*formatter.buildCacheContext',
    table: '{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}',
    headers: {
      ID: 'CACHE ID',
      CacheType: 'CACHE TYPE',
      Size: 'SIZE',
      CreatedSince: 'CREATED',
      LastUsedSince: 'LAST USED',
      UsageCount: 'USAGE',
      Shared: 'SHARED',
    },
  }
  const imageList = (usage.Images ?? []).flatMap((image) =>
    imageRows(image, { nowMs, full: false, digests: false })
      .slice(0, 1)
      .map((row) => ({ ...row, VirtualSize: formatDecimalSize(image.Size, 3) })),
  )
  const containerList = (usage.Containers ?? []).map((container) => ({
    ...containerRow(container, { nowMs, full: false }),
    Size: formatDecimalSize(container.SizeRw ?? 0, 3),
  }))
  const cacheList = (usage.BuildCache ?? []).map((record) => ({
    ID: shortId(record.ID),
    CacheType: record.Type,
    Size: formatDecimalSize(record.Size, 3),
    CreatedSince: ago(epochMs(record.CreatedAt), nowMs),
    LastUsedSince: record.LastUsedAt ? ago(epochMs(record.LastUsedAt), nowMs) : '',
    UsageCount: String(record.UsageCount),
    Shared: String(record.Shared),
  }))
  const cacheSize = sum((usage.BuildCache ?? []).filter((record) => !record.Shared).map((record) => record.Size))
  const volumes = { ...volumeListing, table: '{{.Name}}\t{{.Links}}\t{{.Size}}' }
  return [
    `Images space usage:\n\n${renderListing(images, imageList, { format: '' })}`,
    `Containers space usage:\n\n${renderListing(containers, containerList, { format: '' })}`,
    `Local Volumes space usage:\n\n${renderListing(volumes, (usage.Volumes ?? []).map(volumeRow), { format: '' })}`,
    `Build cache usage: ${formatDecimalSize(cacheSize)}\n\n${renderListing(cacheShape, cacheList, { format: '' })}`,
  ].join('\n')
}
