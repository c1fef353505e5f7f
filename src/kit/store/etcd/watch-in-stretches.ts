/**
 * Watches of the past, read in stretches at once. To a watch that begins in the past, etcd tells a thousand revisions every
 * tenth of a second (`watchBatchMaxRevs`, `watchResyncPeriod` of mvcc/watchable_store.go, v3.6), but to many watches together.
 */
import { askedEarly } from '#base/async/asked-early.ts'
import type { WatchBatch, WatchQuery } from '../versioned-store.ts'

/** What etcd tells one watch at a time. */
const stretchRevisions = 1000
/** What all of them tell may be held at once: eight thousand revisions. */
const stretchesMax = 8

/** After which revisions the stretches of a watch begin; the last one goes on for ever. */
export function stretchesFrom(afterRevision: number, newest: number): readonly number[] {
  const count = Math.min(stretchesMax, Math.max(1, Math.ceil((newest - afterRevision) / stretchRevisions)))
  return Array.from({ length: count }, (_, index) => afterRevision + index * stretchRevisions)
}

/**
 * Batches after `query.afterRevision` in order, each once, of watches that `open` begins. They tell progress: a stretch without
 * events must end too.
 */
export async function* watchInStretches(
  query: WatchQuery & { readonly progress: true },
  newest: number,
  open: (query: WatchQuery) => AsyncIterable<WatchBatch>,
): AsyncGenerator<WatchBatch, void, undefined> {
  const starts = stretchesFrom(query.afterRevision, newest)
  const stop = new AbortController()
  const signal = query.signal === undefined ? stop.signal : AbortSignal.any([query.signal, stop.signal])
  try {
    const watches = starts.map((afterRevision) => open({ ...query, afterRevision, signal }))
    const live = askedEarly(watches.pop() as AsyncIterable<WatchBatch>)
    // Read as they come: a watch that has told its stretch would go on with the next one.
    const stretches = watches.map((watch, index) => stretchUntil(starts[index + 1] ?? newest, watch))
    // Failures are told in order, by whichever comes first in the past.
    for (const stretch of stretches) stretch.catch(() => undefined)
    for (const stretch of stretches) {
      const read = await stretch
      if (signal.aborted) return
      yield* read
    }
    yield* live
  } finally {
    stop.abort()
  }
}

/** The batches up to a revision, that of a batch in two cut short. */
async function stretchUntil(end: number, watch: AsyncIterable<WatchBatch>): Promise<readonly WatchBatch[]> {
  const batches: WatchBatch[] = []
  for await (const batch of watch) {
    if (batch.revision < end) {
      batches.push(batch)
      continue
    }
    batches.push({ revision: end, events: batch.events.filter(({ entry }) => entry.modRevision <= end) })
    break
  }
  return batches
}
