/**
 * Images at rest, as one value: layers, blobs, records, snapshots, and the formats images travel in as files.
 * The engine, the builder and the registry share one of these per state directory.
 */
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Machine } from '#world/ports/machine.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Random } from '#world/ports/random.ts'
import type { Readable } from 'node:stream'
import type { BootstrapOptions, BootstrapResult } from './bootstrap/bootstrap-types.ts'
import type { ContentStore, Leases } from './content/content-types.ts'
import type { ImportOptions, LoadedImage, LoadOptions } from './exchange/exchange-types.ts'
import type { LayerStore } from './layers/layer-types.ts'
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

/** Opens the image state under `root`: sweeps what a crash left half-made, loads the records, mounts nothing. */
export function createImages(_deps: ImagesDeps, options: ImagesOptions): Promise<Images> {
  return Promise.reject<Images>(new GantryError('IMAGES_NOT_READY', 'not-implemented', `images under ${options.root} cannot be opened yet`))
}

export type { Digest }
