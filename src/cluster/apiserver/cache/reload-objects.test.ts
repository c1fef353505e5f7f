import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { storeCompacted } from '#kit/store/errors.ts'
import { storeReplaced } from '#kit/store/etcd/etcd-errors.ts'
import type { VersionedStore, WatchBatch, WatchQuery } from '#kit/store/versioned-store.ts'
import { createClock } from '#world/real/clock.ts'
import type { CollectionEvent } from './collection.ts'
import { keyOf, ObjectCache } from './object-cache.ts'

const clock = createClock()
const bytes = (name: string, mark: string): Uint8Array =>
  Buffer.from(
    JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, resourceVersion: '' }, data: { mark } }),
  )
const put = async (store: VersionedStore, name: string, mark: string): Promise<void> => {
  await store.put(keyOf('/configmaps', 'default', name), bytes(name, mark))
}

/** A store elsewhere, of which the watch ends with an error when it is told to. */
class RemoteStore {
  inner: VersionedStore = createMemoryStore({ clock })
  #fail = Promise.withResolvers<never>()

  breakWatch(error: Error): void {
    const { reject } = this.#fail
    this.#fail = Promise.withResolvers<never>()
    reject(error)
  }

  get store(): VersionedStore {
    const watch = (query: WatchQuery): AsyncIterable<WatchBatch> => this.#watch(query)
    return {
      get: (key, options) => this.inner.get(key, options),
      range: (query) => this.inner.range(query),
      txn: (request) => this.inner.txn(request),
      put: (key, value, options) => this.inner.put(key, value, options),
      delete: (key, options) => this.inner.delete(key, options),
      compact: (revision) => this.inner.compact(revision),
      currentRevision: () => this.inner.currentRevision(),
      grantLease: (ttlMs) => this.inner.grantLease(ttlMs),
      keepLeaseAlive: (id) => this.inner.keepLeaseAlive(id),
      revokeLease: (id) => this.inner.revokeLease(id),
      watch,
      [Symbol.asyncDispose]: () => this.inner[Symbol.asyncDispose](),
    }
  }

  async *#watch(query: WatchQuery): AsyncGenerator<WatchBatch> {
    const failing = this.#fail.promise
    failing.catch(() => undefined)
    const batches = this.inner.watch(query)[Symbol.asyncIterator]()
    for (;;) {
      const next = await Promise.race([batches.next(), failing])
      if (next.done === true) return
      yield next.value
    }
  }
}

async function started(remote: RemoteStore): Promise<{ cache: ObjectCache; heard: CollectionEvent[]; ends: number[] }> {
  const cache = new ObjectCache({ store: remote.store, clock, onFault: (error) => assert.fail(String(error)) })
  await cache.start()
  const heard: CollectionEvent[] = []
  const ends: number[] = []
  cache.collection('/configmaps').listen({
    hear: (event) => heard.push(event),
    flush: () => undefined,
    end: () => ends.push(cache.revision),
  })
  return { cache, heard, ends }
}

const marks = (cache: ObjectCache): string[] =>
  Array.from(
    cache.collection('/configmaps').range(),
    ({ name, value }) => `${name}=${(value['data'] as { mark?: string }).mark}`,
  )

test('a gap in what was watched is closed by loading anew: watches end, nothing is missed', async () => {
  const remote = new RemoteStore()
  for (const name of ['kept', 'changed', 'gone']) await put(remote.inner, name, 'old')
  const { cache, heard, ends } = await started(remote)
  await using _ = cache
  const before = cache.revision
  // What is written now reaches the cache by no watch.
  const { inner } = remote
  remote.breakWatch(storeCompacted(before + 1))
  await put(inner, 'changed', 'new')
  await inner.delete(keyOf('/configmaps', 'default', 'gone'))
  await put(inner, 'made', 'new')
  await cache.catchUp()
  assert.deepEqual(marks(cache), ['changed=new', 'kept=old', 'made=new'])
  assert.equal(ends.length, 1)
  assert.deepEqual(heard.map(({ type, object }) => `${type} ${object.name}`).toSorted(), [
    'ADDED made',
    'DELETED gone',
    'MODIFIED changed',
  ])
  assert.equal(cache.collection('/configmaps').eventsAfter(before), undefined, 'nobody resumes over the gap')
  await put(inner, 'made', 'newer')
  await cache.catchUp()
  assert.ok(marks(cache).includes('made=newer'), 'it is followed from there')
})

test('a store that went back is served as it is now, and versions of the lost past are known as such', async () => {
  const remote = new RemoteStore()
  await put(remote.inner, 'kept', 'old')
  for (const mark of ['1', '2', '3', '4', '5', '6']) await put(remote.inner, 'changed', mark)
  const { cache } = await started(remote)
  await using _ = cache
  const lost = cache.revision
  const restored = createMemoryStore({ clock })
  await put(restored, 'kept', 'old')
  await put(restored, 'changed', '1')
  remote.inner = restored
  const found = await restored.currentRevision()
  remote.breakWatch(storeReplaced(['http://etcd:2379'], { found, seen: lost }))
  // The watch learns of it first; whoever asks then waits for what is loaded.
  await new Promise((resolve) => setImmediate(resolve))
  await cache.catchUp()
  assert.deepEqual(marks(cache), ['changed=1', 'kept=old'])
  assert.equal(cache.revision, found)
  assert.ok(cache.isLost(lost) && !cache.isLost(found) && !cache.isLost(lost + 1))
  await put(restored, 'changed', 'again')
  await cache.catchUp()
  assert.deepEqual(marks(cache), ['changed=again', 'kept=old'])
})
