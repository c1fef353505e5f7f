import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StoreEvent, WatchBatch, WatchQuery } from '../versioned-store.ts'
import { stretchesFrom, watchInStretches } from './watch-in-stretches.ts'

const value = new Uint8Array(0)
const eventAt = (modRevision: number): StoreEvent => ({
  type: 'put',
  entry: { key: `/${modRevision}`, value, createRevision: modRevision, modRevision, version: 1 },
})

test('stretches begin where the one before ends, and are bounded', () => {
  assert.deepEqual(stretchesFrom(5, 5), [5])
  assert.deepEqual(stretchesFrom(5, 1005), [5])
  assert.deepEqual(stretchesFrom(5, 2500), [5, 1005, 2005])
  assert.equal(stretchesFrom(0, 1_000_000).length, 8)
})

test('every event comes once and in order, however etcd cuts batches and whoever else writes', async () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 40 })
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 9 }))
  await fc.assert(
    fc.asyncProperty(gaps, cuts, fc.nat(3000), async (ours, sizes, afterRevision) => {
      let at = 0
      const revisions = ours.map((gap) => (at += gap))
      const newest = Math.max(at, afterRevision) + 10
      let running = 0
      async function* open(query: WatchQuery): AsyncGenerator<WatchBatch> {
        running++
        try {
          let left = revisions.filter((revision) => revision > query.afterRevision)
          while (left.length > 0) {
            const size = sizes.next().value as number
            const events = left.slice(0, size).map(eventAt)
            left = left.slice(size)
            yield { revision: events.at(-1)?.entry.modRevision ?? 0, events }
          }
          yield { revision: newest, events: [] }
        } finally {
          running--
        }
      }
      const seen: number[] = []
      let last = afterRevision
      for await (const batch of watchInStretches({ afterRevision, progress: true }, newest, open)) {
        assert.ok(batch.revision >= last)
        for (const { entry } of batch.events) {
          assert.ok(entry.modRevision > last && entry.modRevision <= batch.revision)
          seen.push(entry.modRevision)
        }
        last = batch.revision
        if (last >= newest) break
      }
      assert.deepEqual(
        seen,
        revisions.filter((revision) => revision > afterRevision),
      )
      assert.equal(running, 0)
    }),
  )
})

test('the failure of a stretch ends the others and is told after what came before it', async () => {
  const stopped: number[] = []
  async function* open({ afterRevision, signal }: WatchQuery): AsyncGenerator<WatchBatch> {
    if (afterRevision === 1000) throw new Error('compacted')
    yield { revision: afterRevision + 1000, events: [eventAt(afterRevision + 1)] }
    await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    stopped.push(afterRevision)
  }
  const seen: number[] = []
  const read = async (): Promise<void> => {
    for await (const batch of watchInStretches({ afterRevision: 0, progress: true }, 3000, open))
      seen.push(batch.revision)
  }
  await assert.rejects(read(), /compacted/)
  assert.deepEqual(seen, [1000])
})
