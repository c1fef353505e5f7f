/**
 * `kill -9` of a control plane at random points of writes (GANTRY_SERVER_KILLS times on each store, 4 unless told;
 * GANTRY_CRASH_SEED repeats a run), with 10,000 objects in it: what was acknowledged is there after the next start, what is
 * there was asked for, versions only rise, and a watch that resumes misses nothing.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { etcdMissing, startEtcdCluster } from '#kit/store/etcd/etcd-cluster.contract.ts'
import { openEtcdStore } from '#kit/store/etcd/etcd-store.ts'
import { openSqliteStore } from '#kit/store/sqlite-store.ts'
import type { ConfigMap } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { type OwnServer, startOwnServer } from './own-server.ts'

const kills = Number(process.env['GANTRY_SERVER_KILLS'] ?? 4)
const seed = Number(process.env['GANTRY_CRASH_SEED'] ?? Date.now() % 1_000_000)
const objectCount = 10_000
const namespace = 'default'
const clock = createClock()

/** Objects as an earlier life of the server left them. */
async function fill(store: VersionedStore): Promise<void> {
  const data = { text: 'x'.repeat(1500) }
  for (let from = 0; from < objectCount; from += 100) {
    const writes = Array.from({ length: 100 }, (_, index) => {
      const name = `kept-${from + index}`
      const metadata = {
        name,
        namespace,
        uid: `uid-${from + index}`,
        resourceVersion: '',
        creationTimestamp: '2026-01-01T00:00:00Z',
      }
      const value = Buffer.from(JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata, data }))
      return { type: 'put' as const, key: `/registry//configmaps/${namespace}/${name}`, value }
    })
    await store.txn({ writes })
  }
}

/** What a writer knows of its object: its content, empty where there is none. */
interface Known {
  /** What the server acknowledged last. */
  acknowledged: string
  /** What was sent last: there or not, as long as there was no answer. */
  sent: string
  version: number
  count: number
}

/** Creates, changes and deletes one object over and over until the server is gone. */
async function write(client: KubeClient, name: string, known: Known): Promise<void> {
  for (;;) {
    known.count++
    known.sent = known.acknowledged !== '' && known.count % 7 === 0 ? '' : String(known.count)
    const data = { n: known.sent }
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data }
    try {
      const written =
        known.sent === ''
          ? await client.delete(configMaps, name, { namespace })
          : await (known.acknowledged === '' ? client.create(configMaps, object) : client.update(configMaps, object))
      known.acknowledged = known.sent
      known.version = Math.max(known.version, Number(written.metadata.resourceVersion ?? 0))
    } catch {
      return
    }
  }
}

/** How far a watch has come, and what it has heard of. */
interface Position {
  version: string
  readonly objects: Map<string, string>
}

/** Follows all objects from a version on until the server is gone; folds what it hears. */
async function follow(client: KubeClient, at: Position, signal?: AbortSignal): Promise<void> {
  const options = { namespace, resourceVersion: at.version, ...(signal === undefined ? {} : { signal }) }
  try {
    for await (const { type, object } of client.watch(configMaps, options)) {
      assert.ok(Number(object.metadata.resourceVersion) > Number(at.version), 'events come once and in order')
      at.version = object.metadata.resourceVersion ?? ''
      if (type === 'DELETED') at.objects.delete(object.metadata.name ?? '')
      else if (type !== 'BOOKMARK')
        at.objects.set(object.metadata.name ?? '', (object as { data?: { n?: string } }).data?.n ?? '')
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    assert.ok(!String(error).includes('too old'), String(error))
  }
}

async function stateOf(client: KubeClient): Promise<{ version: string; objects: Map<string, string> }> {
  const { items, metadata } = await client.list(configMaps, { namespace })
  const objects = new Map(items.map((item) => [item.metadata.name ?? '', item.data?.['n'] ?? '']))
  return { version: metadata?.resourceVersion ?? '', objects }
}

/** Checks what writers know against what is there, and goes on from that. */
function settle(known: readonly Known[], now: { version: string; objects: ReadonlyMap<string, string> }): void {
  for (const [index, one] of known.entries()) {
    const found = now.objects.get(`w-${index}`) ?? ''
    assert.ok(
      found === one.acknowledged || found === one.sent,
      `w-${index} is "${found}"; "${one.acknowledged}" was acknowledged, "${one.sent}" sent`,
    )
    assert.ok(Number(now.version) >= one.version, 'versions only rise')
    one.acknowledged = found
  }
}

async function killOverAndOver(start: () => Promise<OwnServer>): Promise<string> {
  const random = createSeededRandom(seed)
  const readyMs: number[] = []
  const known = Array.from({ length: 8 }, (): Known => ({ acknowledged: '', sent: '', version: 0, count: 0 }))
  let server = await start()
  try {
    const at = await stateOf(server.client)
    for (let round = 0; round < kills; round++) {
      const { client } = server
      const following = follow(client, at)
      const writing = known.map((one, index) => write(client, `w-${index}`, one))
      await sleep(20 + random.below(500))
      await server.kill()
      await Promise.all([following, ...writing])
      server = await start()
      readyMs.push(server.readyMs)
      const now = await stateOf(server.client)
      settle(known, now)
      const stop = new AbortController()
      const resumed = follow(server.client, at, stop.signal)
      for (let tries = 0; tries < 6000 && !isDeepStrictEqual(at.objects, now.objects); tries++) await sleep(20)
      stop.abort()
      await resumed
      assert.deepEqual(at.objects, now.objects, `round ${round} of seed ${seed}: the watch has missed something`)
    }
  } finally {
    await server.kill()
  }
  readyMs.sort((a, b) => a - b)
  const writes = known.reduce((sum, { count }) => sum + count, 0)
  const [middle = 0, most = 0] = [readyMs[readyMs.length >> 1], readyMs.at(-1)].map((ms) => Math.round(ms ?? 0))
  return `seed ${seed}: ${kills} kills among ${writes} writes; ready with ${objectCount} objects after ${middle} ms (median), ${most} ms (most)`
}

describe('a control plane that is killed', () => {
  test('on SQLite: nothing acknowledged is lost, watches resume', async (context) => {
    const root = mkdtempSync(join(tmpdir(), 'gantry-e2e-killed-'))
    try {
      const store = openSqliteStore({ path: join(root, 'cluster.db'), clock })
      await fill(store)
      await store[Symbol.asyncDispose]()
      context.diagnostic(await killOverAndOver(() => startOwnServer(root)))
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })

  test('on etcd: nothing acknowledged is lost, watches resume', { skip: etcdMissing() ?? false }, async (context) => {
    const root = mkdtempSync(join(tmpdir(), 'gantry-e2e-killed-'))
    await using cluster = await startEtcdCluster(1)
    const { endpoints } = cluster
    try {
      const store = await openEtcdStore({ endpoints, clock, random: createRandom() })
      await fill(store)
      await store[Symbol.asyncDispose]()
      context.diagnostic(await killOverAndOver(() => startOwnServer(root, ['--etcd-servers', endpoints.join(',')])))
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })
})
