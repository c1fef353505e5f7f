import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createAuthority, issueCertificate } from '#kit/tls/issue-certificate.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { isStoreError } from '../errors.ts'
import { absent, type VersionedStore } from '../versioned-store.ts'
import { etcdMissing, type MemberTls, startEtcdCluster } from './etcd-cluster.contract.ts'
import { type EtcdStoreOptions, openEtcdStore } from './etcd-store.ts'

const clock = createClock()
const random = createRandom()
const skip = etcdMissing() ?? false
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString()
const open = (endpoints: readonly string[], more: Partial<EtcdStoreOptions> = {}): Promise<VersionedStore> =>
  openEtcdStore({ endpoints, clock, random, ...more })

/** Waits for what comes sooner or later; a minute without it is a failure. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1200 && !holds(); tries++) await clock.sleep(50)
  assert.ok(holds(), `in vain: ${what}`)
}

test('no member: the failure names them and what to look at, within the patience', async () => {
  await assert.rejects(
    open(['http://127.0.0.1:1', 'http://127.0.0.1:2'], { patienceMs: 200 }),
    (error) =>
      isStoreError(error, 'STORE_UNREACHABLE') &&
      error.message.includes('127.0.0.1:2') &&
      (error.remedy ?? '').includes('--etcd-servers'),
  )
})

test(
  'two stores in one etcd do not see each other, and a watch of one tells progress past the other',
  { skip },
  async () => {
    await using cluster = await startEtcdCluster(1)
    await using mine = await open(cluster.endpoints, { prefix: '/mine' })
    await using theirs = await open(cluster.endpoints, { prefix: '/mineral' })
    const { modRevision } = await mine.put('/a', Buffer.from('1'))
    const watch = mine.watch({ afterRevision: modRevision, progress: true })[Symbol.asyncIterator]()
    const next = watch.next()
    const foreign = await theirs.put('/b', Buffer.from('2'))
    // Whoever reads the newest revision may wait for it.
    assert.ok((await mine.currentRevision()) >= foreign.modRevision)
    const batch = (await next).value
    assert.ok(batch !== undefined && batch.events.length === 0 && batch.revision >= foreign.modRevision)
    await watch.return?.()
    assert.deepEqual(
      (await mine.range({})).entries.map(({ key }) => key),
      ['/a'],
    )
  },
)

test(
  'a member that is killed under writes is not seen: nothing acknowledged is lost, the watch goes on',
  { skip },
  async () => {
    await using cluster = await startEtcdCluster(3)
    // A busy machine needs long for an election.
    await using store = await open(cluster.endpoints, { patienceMs: 60_000 })
    const { revision } = await store.range({})
    const acknowledged = new Map<string, number>()
    const unknown = new Set<string>()
    let writing = true
    const writer = async (id: number): Promise<void> => {
      for (let index = 0; writing; index++) {
        const key = `/w${id}/${index}`
        try {
          acknowledged.set(key, (await store.put(key, Buffer.from(key), { expect: absent })).modRevision)
        } catch (error) {
          assert.ok(isStoreError(error, 'STORE_OUTCOME_UNKNOWN'), String(error))
          unknown.add(key)
        }
      }
    }
    const seen = new Map<string, number>()
    const stop = new AbortController()
    const watching = (async () => {
      let last = revision
      for await (const batch of store.watch({ afterRevision: revision, progress: true, signal: stop.signal })) {
        for (const { entry } of batch.events) {
          assert.ok(entry.modRevision > last, 'events come once and in order')
          last = entry.modRevision
          seen.set(entry.key, entry.modRevision)
        }
      }
    })()
    const writers = Array.from({ length: 8 }, (_, id) => writer(id))
    const writesGoOn = async (): Promise<void> => {
      const enough = acknowledged.size + 40
      await until(() => acknowledged.size >= enough, 'writes')
    }
    // One after the other, so the member in use and the leader are among them.
    for (const member of [0, 1, 2]) {
      await writesGoOn()
      await cluster.kill(member)
      await writesGoOn()
      await cluster.start(member)
      await writesGoOn()
    }
    writing = false
    await Promise.all(writers)
    const { entries } = await store.range({})
    const stored = new Map(entries.map(({ key, modRevision }) => [key, modRevision]))
    for (const [key, modRevision] of acknowledged) assert.equal(stored.get(key), modRevision, key)
    await until(() => seen.size >= stored.size, 'what the watch was to see')
    stop.abort()
    await watching
    assert.deepEqual(seen, stored)
    for (const key of stored.keys()) assert.ok(acknowledged.has(key) || unknown.has(key), key)
    assert.ok(unknown.size <= 8, `${unknown.size} of ${acknowledged.size} writes without an answer`)
  },
)

function certificates(
  context: TestContext,
): MemberTls & { client: { certificate: string; key: string }; authority: string } {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-etcd-tls-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const world = { clock, random }
  const authority = createAuthority(world, 'an authority')
  const server = issueCertificate(world, authority, {
    commonName: 'etcd',
    addresses: ['127.0.0.1'],
    usages: ['server', 'client'],
  })
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  return {
    authorityFile: file('ca.crt', authority.certificate),
    certificateFile: file('server.crt', server.certificate),
    keyFile: file('server.key', server.key),
    client: issueCertificate(world, authority, { commonName: 'gantry', usages: ['client'] }),
    authority: authority.certificate,
  }
}

test('TLS: members and store check each other', { skip }, async (context) => {
  const tls = certificates(context)
  await using cluster = await startEtcdCluster(1, tls)
  await using store = await open(cluster.endpoints, { tls: { authority: tls.authority, ...tls.client } })
  await store.put('/a', Buffer.from('1'))
  assert.equal(text((await store.get('/a'))?.value), '1')
  const unreachable = (error: unknown): boolean => isStoreError(error, 'STORE_UNREACHABLE')
  await assert.rejects(open(cluster.endpoints, { tls: tls.client, patienceMs: 100 }), unreachable)
  await assert.rejects(open(cluster.endpoints, { tls: { authority: tls.authority }, patienceMs: 100 }), unreachable)
})
