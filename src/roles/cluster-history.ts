/**
 * Follows every write of a simulated cluster: its history as one digest (the same seed has the same), the last write that
 * was more than a heartbeat, and invariants that no fault may break.
 */
import { createDigestStream } from '#base/data/digest.ts'
import type { StoreEvent, VersionedStore } from '#kit/store/versioned-store.ts'
import { ClusterInvariants } from './cluster-invariants.ts'

export interface ClusterHistory extends AsyncDisposable {
  /** Digest of all writes so far. */
  digest(): string
  /** Writes so far. */
  readonly writes: number
  /** When the last write happened that was neither a heartbeat nor an event, in the clock's monotonic milliseconds. */
  readonly lastChangeMs: number
  /** Broken invariants, in words; empty as it should be. */
  readonly violations: readonly string[]
}

/** Kept alive or told, not changed. */
const heartbeats = [/\/leases\//, /\/events\//, /\/registry\/\/nodes\//]

/** Starts following a store from now. */
export function followHistory(store: VersionedStore, nowMs: () => number): ClusterHistory {
  const abort = new AbortController()
  const state = { writes: 0, lastChangeMs: nowMs() }
  const digest = createDigestStream()
  const invariants = new ClusterInvariants()
  const take = (event: StoreEvent): void => {
    const { entry } = event
    state.writes++
    digest.update(`${nowMs()} ${event.type} ${entry.key} ${entry.modRevision} ${entry.value.byteLength} `)
    digest.update(entry.value)
    if (!heartbeats.some((pattern) => pattern.test(entry.key))) state.lastChangeMs = nowMs()
    invariants.take(event)
  }
  const following = (async () => {
    const afterRevision = await store.currentRevision()
    for await (const batch of store.watch({ afterRevision, signal: abort.signal }))
      for (const event of batch.events) take(event)
  })()
  following.catch((error: unknown) => invariants.violations.push(`the history was lost: ${String(error)}`))
  return {
    digest: () => digest.soFar(),
    get writes() {
      return state.writes
    },
    get lastChangeMs() {
      return state.lastChangeMs
    },
    violations: invariants.violations,
    async [Symbol.asyncDispose]() {
      abort.abort()
      await following.catch(() => undefined)
    },
  }
}
