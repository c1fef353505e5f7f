/**
 * Short leases on blobs: whatever a client was just told to exist stays long enough for its manifest to arrive, while
 * garbage collection runs. They live in memory; the start of the process counts as a lease on everything.
 */
import type { Digest } from '#base/data/digest.ts'
import type { Clock } from '#world/ports/clock.ts'

export interface BlobLeases {
  /** Renews the lease of a blob. */
  touch(digest: Digest): void
  /** True while collection must leave the blob alone. `mtimeMs` is when its bytes came. */
  holds(digest: Digest, mtimeMs: number): boolean
  readonly size: number
}

export function createBlobLeases(clock: Clock, leaseMs: number): BlobLeases {
  const startedMs = clock.now()
  // Insertion order is age order, so expired ones are at the front.
  const touched = new Map<Digest, number>()
  const expire = (now: number): void => {
    for (const [digest, at] of touched) {
      if (now - at <= leaseMs) return
      touched.delete(digest)
    }
  }
  return {
    get size() {
      return touched.size
    },
    touch(digest) {
      const now = clock.now()
      touched.delete(digest)
      touched.set(digest, now)
      expire(now)
    },
    holds(digest, mtimeMs) {
      const now = clock.now()
      const last = Math.max(startedMs, mtimeMs, touched.get(digest) ?? 0)
      return now - last <= leaseMs
    },
  }
}
