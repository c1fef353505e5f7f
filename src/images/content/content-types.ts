/** What the blob store and the leases promise. */
import type { Digest } from '#base/data/digest.ts'
import type { Readable } from 'node:stream'

export interface BlobRecord {
  readonly digest: Digest
  readonly sizeBytes: number
}

export interface PutOptions {
  /** Refuse unless the content has this digest and size. */
  readonly expectDigest?: Digest
  readonly expectSizeBytes?: number
  /** Refuse more than this. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

/** A download that survives a restart: what was received stays until committed or given up. */
export interface PartialBlob extends AsyncDisposable {
  /** Bytes already there from an earlier try. */
  readonly sizeBytes: number
  append(chunk: Uint8Array): Promise<void>
  /** The bytes received so far. */
  read(): Readable
  /** Verifies the digest and makes it a blob; a mismatch throws `invalid` and drops the bytes. */
  commit(): Promise<BlobRecord>
  /** Drops the bytes. */
  discard(): Promise<void>
}

export interface ContentStore {
  /** Stores bytes under their digest; durable when it resolves. */
  put(content: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<BlobRecord>
  /** Whole content; at most `maxBytes` (default 16 MiB). Throws `not-found`. */
  read(digest: Digest, maxBytes?: number): Promise<Uint8Array>
  readStream(digest: Digest, range?: { readonly start?: number; readonly end?: number }): Readable
  get(digest: Digest): BlobRecord | undefined
  list(): readonly BlobRecord[]
  remove(digest: Digest): Promise<void>
  /** Starts or goes on with a download; one user at a time (a second one throws `conflict`). */
  openPartial(digest: Digest): Promise<PartialBlob>
}

/** Something that garbage collection must leave alone. */
export type Held = { readonly layer: Digest } | { readonly blob: Digest } | { readonly image: Digest }

/** Protects what it holds while it is open (a pull, a load, a build). Lives in memory: after a crash its work is undone anyway. */
export interface Lease extends Disposable {
  hold(...things: readonly Held[]): void
}

export interface Leases {
  open(purpose: string): Lease
  /** Protects things for good, under a name (build cache records, containers); replaces what the name held before. Durable. */
  pin(owner: string, things: readonly Held[]): Promise<void>
  unpin(owner: string): Promise<void>
  /** Owners that begin with a prefix. */
  pinned(prefix: string): readonly { readonly owner: string; readonly things: readonly Held[] }[]
}
