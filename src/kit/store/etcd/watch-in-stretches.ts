/**
 * Watches of the past, read in stretches at once. To a watch that begins in the past, etcd tells a thousand revisions every
 * tenth of a second (`watchBatchMaxRevs`, `watchResyncPeriod` of mvcc/watchable_store.go, v3.6), but to many watches together.
 */
import { askedEarly } from '#base/async/asked-early.ts'
import type { WatchBatch, WatchQuery } from '../versioned-store.ts'

/** What etcd tells one watch at a time. */
const stretchRevisions = 1000
/** Each holds at most what a watch holds that nobody reads. */
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
    const stretches = starts.map((afterRevision) => askedEarly(open({ ...query, afterRevision, signal })))
    for (const [index, stretch] of stretches.entries()) {
      if (signal.aborted) return
      yield* batchesUntil(stretch, starts[index + 1])
    }
  } finally {
    stop.abort()
  }
}

/** Batches up to a revision, that of a batch in two cut short; all of them unless told. */
async function* batchesUntil(
  stretch: AsyncIterable<WatchBatch>,
  end: number = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<WatchBatch, void, undefined> {
  for await (const batch of stretch) {
    if (batch.revision < end) {
      yield batch
      continue
    }
    yield { revision: end, events: batch.events.filter(({ entry }) => entry.modRevision <= end) }
    return
  }
}
