/** Image records: what is known of an image beside its config, and the questions the API asks about all of them. */
import type { Digest } from '#base/data/digest.ts'
import type { ImageConfig, ImageHistoryEntry } from '#spec/oci/image-config.ts'

export interface ImageRecord {
  /** Digest of the config's bytes. */
  readonly id: Digest
  readonly configBytes: Uint8Array
  readonly config: ImageConfig
  readonly diffIds: readonly Digest[]
  /** The image that a classic build or commit started from; undefined when pulled or loaded. */
  readonly parent?: Digest
  /** Sum of the layers' sizes, as Docker counts them. */
  readonly sizeBytes: number
  /** Complete references with a tag: `docker.io/library/busybox:latest`. Sorted. */
  readonly tags: readonly string[]
  /** Complete references with a manifest digest: `docker.io/library/busybox@sha256:…`. Sorted. */
  readonly digests: readonly string[]
  /** When a tag last came to point here; milliseconds since 1970, 0 when never. */
  readonly lastTagMs: number
  /** When the record was made here, milliseconds since 1970. */
  readonly addedMs: number
  /** Id of the container it was committed from, if any. */
  readonly containerId?: string
}

/** Image actions of the events API. */
export type ImageAction = 'tag' | 'untag' | 'delete' | 'load' | 'import' | 'save' | 'pull' | 'push' | 'create' | 'prune'

export interface ImageEvent {
  readonly action: ImageAction
  /** Image id, or the reference for pull and push, as Docker reports it. */
  readonly actor: string
  readonly attributes: Readonly<Record<string, string>>
}

/** A container as far as images care. The engine tells which ones exist. */
export interface ImageUser {
  readonly containerId: string
  readonly imageId: Digest
  readonly running: boolean
}

/** One row of `DELETE /images/{name}`. */
export type RemovedItem = { readonly Untagged: string } | { readonly Deleted: string }

export interface RemoveOptions {
  readonly force?: boolean
  readonly noPrune?: boolean
}

/** Filters as the API decoded them: key to values (with `!` keys for `label!`). */
export type ImageFilters = Readonly<Record<string, readonly string[]>>

export interface ListOptions {
  /** Also intermediate images of classic builds. */
  readonly all?: boolean
  readonly filters?: ImageFilters
  readonly sharedSize?: boolean
}

/** A row of `GET /images/json`, before a version of the API shapes it. */
export interface ImageRow {
  readonly record: ImageRecord
  /** Familiar forms, only those that the reference filter lets through. */
  readonly repoTags: readonly string[]
  readonly repoDigests: readonly string[]
  /** Undefined unless asked for. */
  readonly sharedSizeBytes: number | undefined
  /** Containers made from it. */
  readonly containers: number
}

/** A row of `GET /images/{name}/history`, newest first. */
export interface HistoryRow {
  readonly Id: string
  /** Seconds since 1970. */
  readonly Created: number
  readonly CreatedBy: string
  readonly Tags: readonly string[] | null
  readonly Size: number
  readonly Comment: string
}

export interface PruneResult {
  readonly ImagesDeleted: readonly RemovedItem[]
  readonly SpaceReclaimed: number
}

export interface CreateImageOptions {
  /** The config, as bytes to keep or as a value to serialise. Its diff ids must be in the layer store. */
  readonly config: Uint8Array | ImageConfig
  readonly parent?: Digest
  readonly containerId?: string
  /** References to point at the new image, in any form. */
  readonly tags?: readonly string[]
  /** References with manifest digests it was pulled or pushed as. */
  readonly digests?: readonly string[]
}

export type { ImageConfig, ImageHistoryEntry }
