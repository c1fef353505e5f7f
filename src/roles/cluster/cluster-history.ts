/**
 * Follows every write of a simulated cluster: its history as one digest (the same seed has the same), and the last write
 * that was more than a heartbeat.
 */
import { crc32 } from 'node:zlib'
import { createDigestStream } from '#base/data/digest.ts'
import type { LocalStore, StoreEvent } from '#kit/store/versioned-store.ts'
import type { Violations } from './cluster-invariants.ts'

export interface ClusterHistory extends Disposable {
  /** Digest of all writes so far. */
  digest(): string
  /** When the last write happened that was neither a heartbeat nor an event, in the clock's monotonic milliseconds. */
  readonly lastChangeMs: number
}

export interface HistoryDeps {
  readonly nowMs: () => number
  /** Told of revisions out of order, and when the history cannot be followed. */
  readonly violations: Violations
}

/** Writes are digested a few hundred at a time. */
const linesLengthMost = 65_536

/** Kept alive or told, not changed. */
const heartbeats = ['/registry/coordination.k8s.io/leases/', '/registry//events/', '/registry//nodes/']

/** Starts following a store from now: each commit is in the history before it is answered. */
export function followHistory(store: LocalStore, { nowMs, violations }: HistoryDeps): ClusterHistory {
  const state = { revision: 0, lastChangeMs: nowMs() }
  const digest = createDigestStream()
  let lines = ''
  const writeOut = (): void => {
    digest.update(lines)
    lines = ''
  }
  const take = ({ type, entry }: StoreEvent): void => {
    const { key, modRevision, value } = entry
    lines += `${nowMs()} ${type} ${key} ${modRevision} ${value.byteLength} ${crc32(value)}\n`
    if (lines.length > linesLengthMost) writeOut()
    if (!heartbeats.some((prefix) => key.startsWith(prefix))) state.lastChangeMs = nowMs()
    if (modRevision < state.revision) violations.add(`revision ${modRevision} came after ${state.revision}`)
    state.revision = modRevision
  }
  const following = store.follow(store.revision, {
    take({ events }) {
      for (const event of events) take(event)
    },
    fail: (error) => violations.add(`the history was lost: ${String(error)}`),
  })
  return {
    digest: () => {
      writeOut()
      return digest.soFar()
    },
    get lastChangeMs() {
      return state.lastChangeMs
    },
    [Symbol.dispose]: () => following[Symbol.dispose](),
  }
}
