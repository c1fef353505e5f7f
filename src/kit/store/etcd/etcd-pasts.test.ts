import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { encodeFields, type Fields } from '#kit/grpc/encode-fields.ts'
import { GrpcConnection } from '#kit/grpc/grpc-connection.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { isStoreError } from '../errors.ts'
import type { VersionedStore } from '../versioned-store.ts'
import { type EtcdCluster, etcdMissing, startEtcdCluster } from './etcd-cluster.contract.ts'
import { type EtcdStoreOptions, openEtcdStore } from './etcd-store.ts'

const clock = createClock()
const skip = etcdMissing() ?? false
const open = ({ endpoints }: EtcdCluster, more: Partial<EtcdStoreOptions> = {}): Promise<VersionedStore> =>
  openEtcdStore({ endpoints, clock, random: createRandom(), patienceMs: 60_000, ...more })

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1200 && !holds(); tries++) await clock.sleep(50)
  assert.ok(holds(), `in vain: ${what}`)
}

async function fill(store: VersionedStore, prefix: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await store.put(`/${prefix}${index}`, Buffer.from(`${index}`))
}

/** A watch that has read something; `failure` resolves with what ends it. */
async function watching(store: VersionedStore): Promise<{ readonly failure: Promise<unknown> }> {
  const afterRevision = await store.currentRevision()
  const watch = store.watch({ afterRevision, progress: true })[Symbol.asyncIterator]()
  const first = watch.next()
  await store.put('/seen', Buffer.from('1'))
  await first
  const failure = (async (): Promise<unknown> => {
    try {
      while ((await watch.next()).done !== true);
      return undefined
    } catch (error) {
      return error
    }
  })()
  return { failure }
}

/** The keys of what is written from now on, as a watch hears of them until its end. */
async function following(
  store: VersionedStore,
): Promise<{ readonly seen: readonly string[]; readonly end: () => Promise<void> }> {
  const stop = new AbortController()
  const seen: string[] = []
  const afterRevision = await store.currentRevision()
  const reading = (async () => {
    for await (const { events } of store.watch({ afterRevision, progress: true, signal: stop.signal }))
      for (const { entry } of events) seen.push(entry.key)
  })()
  const end = (): Promise<void> => {
    stop.abort()
    return reading
  }
  return { seen, end }
}

test('an etcd that comes back without its data is noticed, and then served as it is', { skip }, async () => {
  await using cluster = await startEtcdCluster(1)
  await using store = await open(cluster)
  await fill(store, 'k', 20)
  const { failure } = await watching(store)
  await cluster.kill(0)
  rmSync(cluster.folder(0), { recursive: true })
  await cluster.start(0)
  const error = await failure
  assert.ok(isStoreError(error, 'STORE_REPLACED') && (error.remedy ?? '').includes('backup'), String(error))
  assert.equal((await store.range({})).count, 0)
  await store.put('/again', Buffer.from('1'))
  assert.equal((await store.range({})).count, 1)
})

test('an etcd that was restored to its past is noticed, also when others have written since', { skip }, async () => {
  await using cluster = await startEtcdCluster(1)
  await using store = await open(cluster)
  await fill(store, 'k', 5)
  await cluster.kill(0)
  const saved = `${cluster.folder(0)}.saved`
  cpSync(cluster.folder(0), saved, { recursive: true })
  await cluster.start(0)
  await fill(store, 'lost', 20)
  const { failure } = await watching(store)
  await cluster.kill(0)
  rmSync(cluster.folder(0), { recursive: true })
  cpSync(saved, cluster.folder(0), { recursive: true })
  await cluster.start(0)
  await using other = await open(cluster)
  await fill(other, 'other', 40)
  const error = await failure
  assert.ok(isStoreError(error, 'STORE_REPLACED'), String(error))
  const keys = (await store.range({})).entries.map(({ key }) => key)
  assert.ok(keys.length === 45 && !keys.some((key) => key.startsWith('/lost')), keys.join(' '))
})

test('a restart of etcd is no replacement: the watch goes on', { skip }, async () => {
  await using cluster = await startEtcdCluster(1)
  await using store = await open(cluster)
  await fill(store, 'k', 5)
  const { seen, end } = await following(store)
  await fill(store, 'a', 3)
  await cluster.kill(0)
  await cluster.start(0)
  await fill(store, 'b', 3)
  await until('what was written since', () => seen.length >= 6)
  await end()
  assert.deepEqual(seen, ['/a0', '/a1', '/a2', '/b0', '/b1', '/b2'])
})

/** Calls of etcd's that the store does not make. */
async function asking<T>(
  { endpoints }: EtcdCluster,
  use: (ask: (method: string, fields: Fields | Buffer, token?: string) => Promise<Buffer>) => Promise<T>,
): Promise<T> {
  using connection = new GrpcConnection({ url: endpoints[0] ?? '', tls: undefined, clock })
  return await use(async (method, fields, token) => {
    using call = await connection.call(`/etcdserverpb.${method}`, token === undefined ? {} : { token })
    return await call.exchange(Buffer.isBuffer(fields) ? fields : encodeFields(fields))
  })
}

/** Has etcd free what was compacted and take writes again, as `etcdctl defrag` and `etcdctl alarm disarm` do. */
function makeRoom(cluster: EtcdCluster): Promise<void> {
  return asking(cluster, async (ask) => {
    await ask('Maintenance/Defragment', [])
    const alarms = await ask('Maintenance/Alarm', [])
    // The answer ends with the alarm: its member's number behind tag 8, and its kind behind tag 16.
    const member = alarms.subarray(alarms.lastIndexOf(8) + 1, alarms.lastIndexOf(16))
    await ask('Maintenance/Alarm', Buffer.concat([Buffer.from([8, 2, 16]), member, Buffer.from([24, 1])]))
  })
}

test('an etcd without space says so, still reads, and works again by itself once it has some', { skip }, async () => {
  await using cluster = await startEtcdCluster(1, undefined, ['--quota-backend-bytes', `${8 << 20}`])
  const told: (string | undefined)[] = []
  await using store = await open(cluster, { onTrouble: (problem) => told.push(problem?.code) })
  const value = Buffer.alloc(1 << 20, 1)
  let written = 0
  const overfill = async (): Promise<void> => {
    for (; written < 100; written++) await store.put(`/big${written}`, value)
  }
  await assert.rejects(overfill(), (error) => isStoreError(error, 'STORE_FULL') && (error.cause as Error) !== undefined)
  assert.equal(store.problem?.code, 'STORE_FULL')
  assert.equal((await store.range({ countOnly: true })).count, written, 'what was acknowledged is there')
  assert.equal(store.problem?.code, 'STORE_FULL', 'reading cures nothing')
  for (let index = 0; index < written; index++) await store.delete(`/big${index}`)
  await store.compact(await store.currentRevision())
  await makeRoom(cluster)
  await until('the store works again', () => store.problem === undefined)
  await store.put('/small', Buffer.from('1'))
  assert.deepEqual([told[0], told.at(-1)], ['STORE_FULL', undefined])
})

test(
  'an etcd that begins to ask for users refuses by name, and the watch goes on when it ends that',
  { skip },
  async () => {
    await using cluster = await startEtcdCluster(1)
    await using store = await open(cluster)
    const { seen, end } = await following(store)
    await fill(store, 'before', 1)
    const user: Fields = [
      [1, 'root'],
      [2, 'secret'],
    ]
    await asking(cluster, async (ask) => {
      await ask('Auth/UserAdd', user)
      await ask('Auth/UserGrantRole', [
        [1, 'root'],
        [2, 'root'],
      ])
      await ask('Auth/AuthEnable', [])
    })
    const refused = (error: unknown): boolean =>
      isStoreError(error, 'STORE_DENIED') && (error.remedy ?? '').includes('--etcd-certfile')
    await assert.rejects(fill(store, 'refused', 1), refused)
    await assert.rejects(open(cluster), refused)
    assert.equal(store.problem?.code, 'STORE_DENIED')
    // The watch asks anew, and is refused.
    await cluster.kill(0)
    await cluster.start(0)
    await asking(cluster, async (ask) => {
      const answer = String(await ask('Auth/Authenticate', user))
      // The token is the last thing in the answer.
      await ask('Auth/AuthDisable', [], /[a-zA-Z]+\.\d+$/.exec(answer)?.[0] ?? '')
    })
    await until('the store works again', () => store.problem === undefined)
    await fill(store, 'after', 1)
    await until('what was written since', () => seen.includes('/after0'))
    await end()
    assert.deepEqual(seen, ['/before0', '/after0'])
  },
)

test('an etcd that stands still is told as the problem while it does; no write is lost', { skip }, async () => {
  await using cluster = await startEtcdCluster(1)
  await using store = await open(cluster)
  await fill(store, 'k', 1)
  cluster.hold(0, true)
  const writing = store.put('/held', Buffer.from('1'), { expect: 0 })
  await until('the problem is told', () => store.problem?.code === 'STORE_UNREACHABLE')
  cluster.hold(0, false)
  await writing
  await until('the store works again', () => store.problem === undefined)
  assert.equal(String((await store.get('/held'))?.value), '1')
})
