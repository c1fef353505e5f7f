/**
 * What snapshots promise: a filesystem for a container or build step, made of read-only layers and one writable
 * directory.
 *
 *     snapshots/<key>/snapshot.json   layers it stands on
 *                    /upper /work     writable part
 *                    /merged          where it is mounted
 */
import type { Digest } from '#base/data/digest.ts'

export interface SnapshotRequest {
  /** Names the snapshot: letters, digits, `-`, `_`, `.`; a container or step id. */
  readonly key: string
  /** Layers bottom first, as an image config lists them. */
  readonly diffIds: readonly Digest[]
  /** Puts the layer with a container's mount points (/etc/hosts, /dev/console, …) under the writable one. */
  readonly withInitLayer?: boolean
  /** Directories (topmost first) that lie between the layers and the writable part: earlier steps of a build. */
  readonly extraLowers?: readonly string[]
}

export interface Snapshot {
  readonly key: string
  readonly diffIds: readonly Digest[]
  readonly withInitLayer: boolean
  readonly extraLowers: readonly string[]
  /** The root filesystem, mounted. */
  readonly mergedPath: string
  readonly upperPath: string
  readonly workPath: string
}

/** One line of `docker diff`. Kind 0: modified, 1: added, 2: deleted. */
export interface PathChange {
  readonly Path: string
  readonly Kind: 0 | 1 | 2
}

export interface Snapshots {
  /** Makes the writable part and mounts the whole. A key in use throws `conflict`. */
  prepareWritable(request: SnapshotRequest): Promise<Snapshot>
  get(key: string): Snapshot | undefined
  list(): readonly Snapshot[]
  /** Mounts it again when it is not mounted (after a restart of the machine or an unmount). */
  mount(key: string): Promise<Snapshot>
  unmount(key: string): Promise<void>
  /** Unmounts and deletes; a missing one is fine. */
  remove(key: string): Promise<void>
  /** A read-only mount of layers, gone when disposed. */
  view(diffIds: readonly Digest[]): Promise<{ readonly path: string } & AsyncDisposable>
  /** Bytes in the writable part as Docker counts them (SizeRw). */
  usage(key: string): Promise<number>
  /** What the writable part changed against what lies below, sorted by path. */
  changes(key: string): Promise<PathChange[]>
  /** Hands the writable directory over (for `ingestUpper({ consume: true })`) and forgets the snapshot. */
  detachUpper(key: string): Promise<string>
}
