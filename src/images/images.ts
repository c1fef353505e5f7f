/**
 * Images at rest, as one value: layers, blobs, records, snapshots, and the formats images travel in as files.
 * The engine, the builder and the registry share one of these per state directory.
 */
import { normalizePlatform } from '#spec/oci/platform.ts'
import type { Platform } from '#spec/oci/platform.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Machine } from '#world/ports/machine.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Random } from '#world/ports/random.ts'
import type { Readable } from 'node:stream'
import { bootstrapImage } from './bootstrap/bootstrap-image.ts'
import { removeUnfinishedDownloads } from './bootstrap/fetch-packages.ts'
import type { BootstrapOptions, BootstrapResult } from './bootstrap/bootstrap-types.ts'
import { createContentStore } from './content/content-store.ts'
import type { ContentStore, Leases } from './content/content-types.ts'
import { createLeases } from './content/leases.ts'
import { importImage } from './exchange/import-image.ts'
import { loadImages } from './exchange/load-images.ts'
import { saveImages } from './exchange/save-images.ts'
import type { ImportOptions, LoadedImage, LoadOptions } from './exchange/exchange-types.ts'
import { createLayerStore } from './layers/layer-store.ts'
import { createSettling } from './layers/settling.ts'
import type { LayerStore } from './layers/layer-types.ts'
import { findImage, resolveImage } from './records/find-image.ts'
import { compileFilters } from './records/image-filters.ts'
import { createImageIndex } from './records/image-index.ts'
import type { ImageIndex } from './records/image-index.ts'
import { createImageRecords } from './records/image-records.ts'
import { imageHistory, listImages } from './records/list-images.ts'
import type { ListContext } from './records/list-images.ts'
import type {
  CreateImageOptions,
  HistoryRow,
  ImageEvent,
  ImageFilters,
  ImageRecord,
  ImageRow,
  ImageUser,
  ListOptions,
  PruneResult,
  RemovedItem,
  RemoveOptions,
} from './records/record-types.ts'
import { createSnapshots } from './snapshots/snapshots.ts'
import type { Snapshots } from './snapshots/snapshot-types.ts'

export interface ImagesDeps {
  readonly clock: Clock
  readonly random: Random
  readonly files: Files
  readonly processes: Processes
  readonly kernel: Kernel
  readonly machine: Machine
  /** Containers that exist now, of any state: they keep their images from being removed. */
  readonly containers?: () => Iterable<ImageUser>
  /** Told of every image event after it is durable. */
  readonly onEvent?: (event: ImageEvent) => void
}

export interface ImagesOptions {
  /** State directory of its own; made when missing. */
  readonly root: string
}

export interface Images extends AsyncDisposable {
  readonly layers: LayerStore
  readonly snapshots: Snapshots
  readonly content: ContentStore
  readonly leases: Leases
  /** Finds by reference, id, unique id prefix, or name@digest; throws `not-found` "No such image: x:latest". */
  resolve(refOrId: string): ImageRecord
  /** As `resolve`, undefined when there is none. An ambiguous prefix still throws. */
  find(refOrId: string): ImageRecord | undefined
  /** Every record, newest first. */
  all(): readonly ImageRecord[]
  list(options?: ListOptions): ImageRow[]
  history(refOrId: string): HistoryRow[]
  /** Points a reference (completed with `latest`) at an image. */
  tag(refOrId: string, reference: string): Promise<ImageRecord>
  remove(refOrId: string, options?: RemoveOptions): Promise<RemovedItem[]>
  prune(filters?: ImageFilters): Promise<PruneResult>
  /** Registers an image whose layers are already stored. An image that exists gains the tags and digests. */
  createImage(options: CreateImageOptions): Promise<ImageRecord>
  load(source: AsyncIterable<Uint8Array>, options?: LoadOptions): Promise<LoadedImage[]>
  /** A tar of images; every name is resolved before the first byte. */
  save(names: readonly string[]): Readable
  import(source: AsyncIterable<Uint8Array>, options?: ImportOptions): Promise<ImageRecord>
  bootstrap(options: BootstrapOptions): Promise<BootstrapResult>
  /** Bytes of all layers in use, each once (`LayersSize` of system df). */
  layersSizeBytes(): number
  /** Deletes layers and blobs that no image, snapshot, lease or pin needs; returns the bytes freed. */
  collectGarbage(): Promise<number>
}

/** A power cut took a layer that an image stands on: the image is fetched or built again like one that never was. */
async function dropImagesWithoutLayers(index: ImageIndex, layers: LayerStore): Promise<void> {
  for (const { id, diffIds } of index.all())
    if (diffIds.some((diffId) => layers.get(diffId) === undefined)) await index.remove(id)
}

/** Opens the image state under `root`: sweeps what a crash left half-made, loads the records, mounts nothing. */
export async function createImages(deps: ImagesDeps, { root }: ImagesOptions): Promise<Images> {
  const { files, clock } = deps
  await files.makeDirectory(root, { recursive: true, mode: 0o711 })
  await removeUnfinishedDownloads(files, `${root}/bootstrap`)
  const settling = createSettling(deps.clock, () => layers.settle())
  const layers: LayerStore = await createLayerStore({ ...deps, onUnsettled: () => settling.touch() }, `${root}/layers`)
  const content = await createContentStore(deps, `${root}/content`)
  const leases = await createLeases(files, `${root}/pins.json`)
  const snapshots = await createSnapshots({ ...deps, layers }, `${root}/snapshots`)
  const index = await createImageIndex(files, `${root}/records`)
  const users = (): ImageUser[] => [...(deps.containers?.() ?? [])]
  const records = createImageRecords({
    clock,
    index,
    layers,
    content,
    leases,
    snapshots,
    users,
    onEvent: (event) => deps.onEvent?.(event),
  })
  const platform: Platform = normalizePlatform({ os: deps.machine.os, architecture: deps.machine.ociArchitecture })
  const exchange = { files, processes: deps.processes, clock, layers, root, index, records, leases, platform }
  await dropImagesWithoutLayers(index, layers)
  // Whatever was stored without a record before a crash has no owner now.
  await records.collectGarbage()
  const context = (): ListContext => ({ index, layer: (diffId) => layers.get(diffId), users: users() })
  const load: Images['load'] = (source, options) => loadImages(exchange, source, options)
  return {
    layers,
    snapshots,
    content,
    leases,
    resolve: (refOrId) => resolveImage(index, refOrId),
    find: (refOrId) => findImage(index, refOrId),
    all: () => index.all(),
    list: (options = {}) => {
      const filters = compileFilters(options.filters ?? {}, 'list', {
        nowMs: clock.now(),
        resolve: (text) => resolveImage(index, text),
      })
      return listImages(context(), filters, options)
    },
    history: (refOrId) => imageHistory(context(), resolveImage(index, refOrId)),
    tag: (refOrId, reference) => records.tag(refOrId, reference),
    remove: (refOrId, options = {}) => records.remove(refOrId, options),
    prune: (filters = {}) => records.prune(filters),
    createImage: (options) => records.create(options),
    load,
    save: (names) =>
      saveImages({ index, layers, onSaved: (record) => records.announce('save', record, record.id) }, names),
    import: (source, options) => importImage(exchange, source, options),
    bootstrap: (options) => bootstrapImage({ ...deps, root, layers, leases, records }, options),
    layersSizeBytes: () => layers.list().reduce((sum, layer) => sum + layer.sizeBytes, 0),
    collectGarbage: () => records.collectGarbage(),
    [Symbol.asyncDispose]: () => settling[Symbol.asyncDispose](),
  }
}
