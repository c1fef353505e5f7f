/** The promises of VersionedStore as tests; each backend's test file runs them against the real thing. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { clearInterval, setInterval, setTimeout } from 'node:timers'
import { isStoreError } from './errors.ts'
import { absent, type StoreEvent, type VersionedStore, type WatchBatch } from './versioned-store.ts'

/** A store to test. Keys are written under prefixes of their own, so one store may serve several tests. */
export interface StoreUnderTest {
  readonly store: VersionedStore
  /** Closes and opens the same data again; left out where nothing outlives the store. */
  readonly reopen?: () => Promise<VersionedStore>
  readonly cleanUp: () => Promise<void>
  /** The shortest lease that the backend grants. */
  readonly leaseTtlMsMin: number
  /** Why progress notifications cannot be expected here. */
  readonly noProgress?: string
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value)

/** Reads events until there are `count`, or until the watch ends. */
async function take(watch: AsyncIterable<WatchBatch>, count: number): Promise<StoreEvent[]> {
  const events: StoreEvent[] = []
  for await (const batch of watch) {
    events.push(...batch.events)
    if (events.length >= count) break
  }
  return events
}

const seen = (events: readonly StoreEvent[]): string[] =>
  events.map(({ type, entry }) => `${type} ${entry.key.split('/').at(-1)}=${text(entry.value)}`)

/** Runs the contract. `make` is called once. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest
    let store: VersionedStore
    let prefixes = 0
    const prefix = (): string => `/contract/${++prefixes}/`

    before(async () => {
      under = await make()
      store = under.store
    })
    after(async () => {
      await store[Symbol.asyncDispose]()
      await under.cleanUp()
    })

    test('a put is read back with its revisions, and a second put counts the version up', async () => {
      const key = `${prefix()}a`
      const first = await store.put(key, bytes('1'))
      const second = await store.put(key, bytes('2'))
      assert.deepEqual([first.version, second.version], [1, 2])
      assert.equal(second.createRevision, first.modRevision)
      assert.ok(second.modRevision > first.modRevision)
      const read = await store.get(key)
      assert.equal(text(read?.value), '2')
      assert.equal(read?.modRevision, second.modRevision)
      assert.equal(text((await store.get(key, { revision: first.modRevision }))?.value), '1')
      assert.ok((await store.currentRevision()) >= second.modRevision)
    })

    test('an empty value and values with every byte survive', async () => {
      const at = prefix()
      const all = Uint8Array.from({ length: 256 }, (_, index) => index)
      await store.put(`${at}empty`, new Uint8Array(0))
      await store.put(`${at}all`, all)
      assert.equal((await store.get(`${at}empty`))?.value.byteLength, 0)
      assert.deepEqual(new Uint8Array((await store.get(`${at}all`))?.value ?? []), all)
    })

    test('a key created again after a delete starts at version 1', async () => {
      const key = `${prefix()}a`
      await store.put(key, bytes('1'))
      const removed = await store.delete(key)
      assert.equal(text(removed?.value), '1')
      assert.equal(await store.get(key), undefined)
      const again = await store.put(key, bytes('2'))
      assert.equal(again.version, 1)
      assert.equal(again.createRevision, again.modRevision)
    })

    test('deleting what is not there changes nothing', async () => {
      const at = prefix()
      const { modRevision } = await store.put(`${at}x`, bytes('1'))
      assert.equal(await store.delete(`${at}none`), undefined)
      assert.equal(await store.currentRevision(), modRevision)
    })

    test('compare-and-swap lets exactly one of many writers win', async () => {
      const key = `${prefix()}a`
      const created = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) => store.put(key, bytes(`${index}`), { expect: absent })),
      )
      assert.equal(created.filter((result) => result.status === 'fulfilled').length, 1)
      const { modRevision = 0 } = (await store.get(key)) ?? {}
      await assert.rejects(store.put(key, bytes('x'), { expect: modRevision - 1 }), (error) => {
        assert.ok(isStoreError(error, 'STORE_CONFLICT'))
        assert.equal((error.details['current'] as { modRevision: number }).modRevision, modRevision)
        return true
      })
      await store.put(key, bytes('y'), { expect: modRevision })
      await assert.rejects(store.delete(key, { expect: modRevision }), (error) => isStoreError(error, 'STORE_CONFLICT'))
    })

    test('a transaction writes all at one revision or nothing', async () => {
      const at = prefix()
      const a = await store.put(`${at}a`, bytes('1'))
      const failed = await store.txn({
        expect: [
          { key: `${at}a`, modRevision: a.modRevision },
          { key: `${at}b`, modRevision: a.modRevision },
        ],
        writes: [{ type: 'put', key: `${at}c`, value: bytes('1') }],
      })
      assert.equal(failed.ok, false)
      assert.deepEqual(failed.ok ? [] : failed.current.map((entry) => entry?.modRevision), [a.modRevision, undefined])
      assert.equal(await store.get(`${at}c`), undefined)
      const done = await store.txn({
        expect: [{ key: `${at}b`, modRevision: absent }],
        writes: [
          { type: 'delete', key: `${at}a` },
          { type: 'put', key: `${at}b`, value: bytes('2') },
          { type: 'put', key: `${at}c`, value: bytes('3') },
        ],
      })
      assert.ok(done.ok)
      assert.deepEqual(
        done.entries.map((entry) => text(entry?.value)),
        ['1', '2', '3'],
      )
      const { entries } = await store.range({ prefix: at })
      assert.deepEqual(
        entries.map((entry) => entry.modRevision),
        [done.revision, done.revision],
      )
    })

    test('requests that no backend can carry out are refused before anything is written', async () => {
      const at = prefix()
      const invalid = (error: unknown): boolean => isStoreError(error, 'STORE_INVALID')
      for (const key of ['', 'a\0b', '\ud800', 'x'.repeat(5000)])
        await assert.rejects(store.put(key, bytes('1')), invalid)
      const put = { type: 'put' as const, key: `${at}a`, value: bytes('1') }
      await assert.rejects(store.txn({ writes: [put, put] }), invalid)
      await assert.rejects(store.put(`${at}big`, new Uint8Array(1_600_000)), invalid)
      await assert.rejects(
        store.txn({ writes: Array.from({ length: 129 }, (_, index) => ({ ...put, key: `${at}${index}` })) }),
        invalid,
      )
      await assert.rejects(store.range({ prefix: at, limit: 0 }), invalid)
      assert.equal((await store.range({ prefix: at })).count, 0)
    })

    test('ranges come in UTF-8 order with limits, counts and pages of one revision', async () => {
      const at = prefix()
      const names = ['a', 'b', 'b/c', 'c', 'é', '\ue000', '\u{1f600}']
      for (const key of [...names].reverse()) await store.put(at + key, bytes(key))
      const page = await store.range({ prefix: at, limit: 3 })
      assert.deepEqual(
        page.entries.map((entry) => text(entry.value)),
        names.slice(0, 3),
      )
      assert.deepEqual([page.more, page.count], [true, 7])
      await store.put(`${at}d`, bytes('late'))
      await store.put(`${at}c`, bytes('changed'))
      await store.delete(`${at}é`)
      const rest = await store.range({
        prefix: at,
        start: `${page.entries.at(-1)?.key}\0`,
        limit: 10,
        revision: page.revision,
      })
      assert.deepEqual(
        rest.entries.map((entry) => text(entry.value)),
        names.slice(3),
      )
      assert.deepEqual([rest.more, rest.revision], [false, page.revision])
      const keys = await store.range({ start: `${at}b`, end: `${at}d`, keysOnly: true })
      assert.deepEqual(
        keys.entries.map((entry) => [entry.key.slice(at.length), entry.value.byteLength]),
        [
          ['b', 0],
          ['b/c', 0],
          ['c', 0],
        ],
      )
      const count = await store.range({ prefix: at, countOnly: true })
      assert.deepEqual([count.count, count.entries.length, count.more], [7, 0, false])
      assert.equal((await store.range({ prefix: at, countOnly: true, revision: page.revision })).count, 7)
    })

    test('a revision that does not exist yet is refused', async () => {
      const revision = (await store.currentRevision()) + 1000
      await assert.rejects(store.range({ prefix: prefix(), revision }), (error) =>
        isStoreError(error, 'STORE_REVISION_AHEAD'),
      )
    })

    test('a watch delivers everything after its revision, in order, history first', async () => {
      const at = prefix()
      await store.put(`${at}a`, bytes('0'))
      const { revision } = await store.range({ prefix: at })
      await store.put(`${at}a`, bytes('1'))
      await store.put('/contract/elsewhere', bytes('1'))
      await store.delete(`${at}a`)
      const reading = take(store.watch({ prefix: at, afterRevision: revision, previous: true }), 4)
      await store.put(`${at}b`, bytes('2'))
      await store.put(`${at}b`, bytes('3'))
      const events = await reading
      assert.deepEqual(seen(events), ['put a=1', 'delete a=', 'put b=2', 'put b=3'])
      assert.deepEqual(
        events.map((event) => text(event.previous?.value)),
        ['0', '1', undefined, '2'],
      )
      const revisions = events.map((event) => event.entry.modRevision)
      assert.deepEqual(
        revisions,
        revisions.toSorted((a, b) => a - b),
      )
    })

    test('a watch loses and repeats nothing while writers run', async () => {
      const at = prefix()
      const { revision } = await store.range({ prefix: at })
      const writes = 300
      const reading = take(store.watch({ prefix: at, afterRevision: revision }), writes)
      const again = Promise.all(
        Array.from({ length: writes }, (_, index) => store.put(`${at}${index % 7}`, bytes(`${index}`))),
      )
      const [events, entries] = await Promise.all([reading, again])
      const wanted = entries.map((entry) => entry.modRevision).toSorted((a, b) => a - b)
      assert.deepEqual(
        events.map((event) => event.entry.modRevision),
        wanted,
      )
      const late = await take(store.watch({ prefix: at, afterRevision: wanted[99] ?? 0 }), writes - 100)
      assert.deepEqual(
        late.map((event) => event.entry.modRevision),
        wanted.slice(100),
      )
    })

    test('a transaction is one batch of a watch', async () => {
      const at = prefix()
      const { revision } = await store.range({ prefix: at })
      const writes = Array.from({ length: 100 }, (_, index) => ({
        type: 'put' as const,
        key: `${at}${index}`,
        value: bytes('1'),
      }))
      for (let round = 0; round < 8; round++) await store.txn({ writes })
      let events = 0
      for await (const batch of store.watch({ prefix: at, afterRevision: revision })) {
        assert.equal(batch.events.length % 100, 0)
        assert.equal(batch.events.at(-1)?.entry.modRevision, batch.revision)
        events += batch.events.length
        if (events === 800) break
      }
    })

    test('a follower hears of each commit before it is answered, history first, until it is disposed', async (context) => {
      const { local } = store
      if (local === undefined) return context.diagnostic('the store is another process')
      const p = prefix()
      const from = local.revision
      await store.put(`${p}before`, bytes('0'))
      const heard: string[] = []
      const take = ({ events, revision }: WatchBatch): void => {
        assert.ok(events.every(({ entry }) => entry.modRevision <= revision))
        heard.push(...seen(events))
      }
      const follower = local.follow(from, { take, fail: assert.fail })
      assert.deepEqual(heard, ['put before=0'])
      const heardWhenAnswered = await Promise.all(
        ['1', '2', '3'].map(async (value) => {
          await store.put(`${p}a`, bytes(value))
          return heard.includes(`put a=${value}`)
        }),
      )
      assert.deepEqual(heardWhenAnswered, [true, true, true])
      await store.delete(`${p}a`)
      assert.deepEqual(heard.slice(1), ['put a=1', 'put a=2', 'put a=3', 'delete a='])
      follower[Symbol.dispose]()
      await store.put(`${p}after`, bytes('4'))
      assert.equal(heard.length, 5)
      assert.throws(
        () => local.follow(local.revision + 10, { take, fail: assert.fail }),
        (error) => isStoreError(error, 'STORE_REVISION_AHEAD'),
      )
      return undefined
    })

    test('a watch ends quietly when its signal aborts', async () => {
      const abort = new AbortController()
      const reading = take(
        store.watch({ prefix: prefix(), afterRevision: await store.currentRevision(), signal: abort.signal }),
        1,
      )
      setTimeout(() => abort.abort(), 20)
      assert.deepEqual(await reading, [])
    })

    test('a quiet watch is told how far the store is', async (context) => {
      if (under.noProgress !== undefined) {
        context.skip(under.noProgress)
        return
      }
      const at = prefix()
      const afterRevision = await store.currentRevision()
      const watch = store.watch({ prefix: at, afterRevision, progress: true })[Symbol.asyncIterator]()
      const next = watch.next()
      const { modRevision } = await store.put('/contract/elsewhere', bytes('progress'))
      const batch = (await next).value as WatchBatch
      assert.deepEqual(batch.events, [])
      const last = batch.revision >= modRevision ? batch : ((await watch.next()).value as WatchBatch)
      assert.ok(last.revision >= modRevision)
      await watch.return?.()
    })

    test('compaction keeps what is live and refuses what is gone', async () => {
      const at = prefix()
      const first = await store.put(`${at}a`, bytes('1'))
      await store.put(`${at}gone`, bytes('1'))
      await store.put(`${at}a`, bytes('2'))
      await store.delete(`${at}gone`)
      const { revision } = await store.range({ prefix: at })
      await store.compact(revision)
      assert.deepEqual(
        (await store.range({ prefix: at, revision })).entries.map((entry) => text(entry.value)),
        ['2'],
      )
      const compacted = (error: unknown): boolean => isStoreError(error, 'STORE_COMPACTED')
      await assert.rejects(store.range({ prefix: at, revision: first.modRevision }), compacted)
      await assert.rejects(store.get(`${at}a`, { revision: first.modRevision }), compacted)
      await assert.rejects(store.compact(first.modRevision), compacted)
      await assert.rejects(take(store.watch({ prefix: at, afterRevision: first.modRevision }), 1), (error) => {
        assert.ok(isStoreError(error, 'STORE_COMPACTED'))
        assert.ok((error.details['compactRevision'] as number) >= revision)
        return true
      })
      const reading = take(store.watch({ prefix: at, afterRevision: revision, previous: true }), 1)
      await store.put(`${at}a`, bytes('3'))
      assert.deepEqual(
        (await reading).map((event) => text(event.previous?.value)),
        ['2'],
      )
      assert.equal((await store.put(`${at}gone`, bytes('2'))).version, 1)
    })

    /** The ids of a lease that ended and of one that was kept alive meanwhile; undefined when both ended. */
    const outlive = async (at: string, ttlMs: number): Promise<{ ended: number; kept: number } | undefined> => {
      const [ending, kept] = [await store.grantLease(ttlMs), await store.grantLease(ttlMs)]
      const keeping = setInterval(() => void store.keepLeaseAlive(kept.id).catch(() => undefined), ttlMs / 4)
      try {
        await store.put(`${at}ending`, bytes('1'), { leaseId: ending.id })
        const entry = await store.put(`${at}kept`, bytes('1'), { leaseId: kept.id })
        const [first] = await take(store.watch({ prefix: at, afterRevision: entry.modRevision }), 1)
        const stays = await store.get(`${at}kept`)
        if (first === undefined || stays === undefined) return undefined
        assert.deepEqual([seen([first]), stays.leaseId], [['delete ending='], kept.id])
        return { ended: ending.id, kept: kept.id }
      } catch (error) {
        if (isStoreError(error, 'STORE_LEASE_NOT_FOUND')) return undefined
        throw error
      } finally {
        clearInterval(keeping)
      }
    }

    test('a lease that ends deletes its keys, one that is kept alive does not', async () => {
      const at = prefix()
      let leases: { ended: number; kept: number } | undefined
      // A busy machine may not come to keeping the shortest of them alive.
      for (const times of [1, 5, 25]) leases ??= await outlive(`${at}${times}/`, times * under.leaseTtlMsMin)
      assert.ok(leases !== undefined, 'the lease ended although it was kept alive')
      const { ended, kept } = leases
      const { entries } = await store.range({ prefix: at })
      assert.equal(entries.length, 1)
      await store.revokeLease(kept)
      assert.equal((await store.range({ prefix: at })).count, 0)
      const gone = (error: unknown): boolean => isStoreError(error, 'STORE_LEASE_NOT_FOUND')
      await assert.rejects(store.keepLeaseAlive(ended), gone)
      await assert.rejects(store.revokeLease(kept), gone)
      await assert.rejects(store.put(`${at}late`, bytes('1'), { leaseId: kept }), gone)
    })

    test('a put without the lease takes the key out of it', async () => {
      const at = prefix()
      const lease = await store.grantLease(60_000)
      await store.put(`${at}a`, bytes('1'), { leaseId: lease.id })
      await store.put(`${at}a`, bytes('2'))
      await store.revokeLease(lease.id)
      assert.equal(text((await store.get(`${at}a`))?.value), '2')
    })

    test('everything is there after a restart, and watches resume', async (context) => {
      if (under.reopen === undefined) {
        context.skip('this backend keeps nothing')
        return
      }
      const at = prefix()
      await store.put(`${at}a`, bytes('1'))
      const { revision } = await store.range({ prefix: at })
      await store.put(`${at}a`, bytes('2'))
      const last = await store.delete(`${at}a`).then(() => store.put(`${at}b`, bytes('3')))
      store = await under.reopen()
      assert.ok((await store.currentRevision()) >= last.modRevision)
      assert.deepEqual(seen(await take(store.watch({ prefix: at, afterRevision: revision }), 3)), [
        'put a=2',
        'delete a=',
        'put b=3',
      ])
      assert.ok((await store.put(`${at}c`, bytes('4'))).modRevision > last.modRevision)
      const newest = await store.delete(`${at}c`).then(() => store.currentRevision())
      await store.compact(newest)
      store = await under.reopen()
      assert.ok((await store.currentRevision()) >= newest)
    })
  })
}
