/**
 * What the layer store promises. A layer is a directory of its own, keyed by the digest of its uncompressed tar and
 * shared by all images; a recipe beside it rebuilds that very tar, so no second copy of the bytes is kept.
 *
 *     layers/sha256/<hex>/fs/         the unpacked files; whiteouts as overlayfs has them
 *                        /kept/       contents that the tar names but the unpacked tree lost (duplicate entries)
 *                        /recipe.zst  headers and padding in order, with references into fs/ and kept/
 *                        /record.json diff id, sizes
 *                        /settled     all of it had reached the disk before this was made
 *     layers/incoming/<random>/       half-made; swept at start
 */
import type { Digest } from '#base/data/digest.ts'
import type { Readable } from 'node:stream'

export interface LayerRecord {
  readonly diffId: Digest
  /** What Docker counts as the layer's size: file contents and symlink targets, hard links once. */
  readonly sizeBytes: number
  /** Length of the uncompressed tar. */
  readonly tarBytes: number
  readonly entries: number
  /** Milliseconds since 1970. */
  readonly createdMs: number
}

export interface IngestTarOptions {
  /** Refuse the layer (and keep nothing) unless its digest is this one. */
  readonly expectDiffId?: Digest
  readonly signal?: AbortSignal
  /** Called with the diff id before the layer is registered: the moment to put it under a lease. */
  readonly onStored?: (diffId: Digest) => void
  /** Called now and then with the bytes of tar taken in so far. */
  readonly onProgress?: (tarBytes: number) => void
}

export interface IngestUpperOptions {
  /** True: the directory is the store's now and is moved. False: it is copied and left as it is. */
  readonly consume: boolean
  /** Every modification time later than this becomes it (SOURCE_DATE_EPOCH), milliseconds since 1970. */
  readonly clampTimesMs?: number
  /** Paths (relative to the layer's root) that shall not be part of the layer: mount points that a step left behind. */
  readonly exclude?: readonly string[]
  /** Called with the diff id before the layer is registered: the moment to put it under a lease. */
  readonly onStored?: (diffId: Digest) => void
  readonly signal?: AbortSignal
}

export interface LayerStore {
  /**
   * Takes in an uncompressed layer tar. The layer is registered when this resolves, and survives the end of the engine;
   * after a power cut it is there whole or not at all (`settle`); a layer already there
   * is returned after its bytes were checked. Hold a lease across this call and whatever will reference the layer.
   */
  ingestTar(source: AsyncIterable<Uint8Array>, options?: IngestTarOptions): Promise<LayerRecord>
  /** Makes a layer from an overlay's writable directory. */
  ingestUpper(directory: string, options: IngestUpperOptions): Promise<LayerRecord>
  /** The layer's exact original tar; the stream fails at its end when the bytes no longer have the digest. */
  reproduceTar(diffId: Digest): Readable
  get(diffId: Digest): LayerRecord | undefined
  list(): readonly LayerRecord[]
  /** The unpacked directory, for use as an overlay lower. Throws `not-found`. */
  pathOf(diffId: Digest): string
  /** Takes a layer away for good. The caller has made sure that nobody needs it. */
  remove(diffId: Digest): Promise<void>
  /** Waits until what is stored by now has reached the disk, and remembers that. */
  settle(): Promise<void>
}
