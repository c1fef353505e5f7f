/**
 * The stores: durable writes by how many wait at once, reads, and the start with 10,000 objects of 4 KB. etcd (Debian's, one
 * member on this disk) where it is installed. Run: `node -C source bench/store.ts [BACKEND…]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { etcdMissing, startEtcdCluster } from '#kit/store/etcd/etcd-cluster.contract.ts'
import { openEtcdStore } from '#kit/store/etcd/etcd-store.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { openSqliteStore } from '#kit/store/sqlite-store.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'

const clock = createClock()
const objectCount = 10_000
const value = Buffer.alloc(4096, 'x')

async function measure(name: string, count: number, work: () => Promise<unknown>): Promise<void> {
  const [before, began] = [process.cpuUsage(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(before)
  const tookMs = performance.now() - began
  const rate = Math.round((count / tookMs) * 1000)
  console.log(
    `  ${name.padEnd(34)} ${String(rate).padStart(8)}/s, ${((user + system) / count).toFixed(0)} µs of CPU here`,
  )
}

async function puts(store: VersionedStore, count: number, atOnce: number): Promise<void> {
  let next = 0
  const writer = async (): Promise<void> => {
    while (next < count) await store.put(`/bench/${next++ % objectCount}`, value)
  }
  await Promise.all(Array.from({ length: atOnce }, writer))
}

async function run(name: string, open: () => Promise<VersionedStore>): Promise<void> {
  console.log(name)
  {
    await using store = await open()
    await measure('puts, 256 at once', objectCount, () => puts(store, objectCount, 256))
    await measure('puts, 16 at once', 4000, () => puts(store, 4000, 16))
    await measure('puts, one at a time', 500, () => puts(store, 500, 1))
    await measure('gets', 5000, async () => {
      for (let index = 0; index < 5000; index++) await store.get(`/bench/${index}`)
    })
    await measure('ranges of all, by entry', objectCount, () => store.range({ prefix: '/bench/' }))
  }
  if (name === 'memory') return
  const began = performance.now()
  await using again = await open()
  const { count } = await again.range({ prefix: '/bench/' })
  console.log(`  open and read ${count} objects in ${Math.round(performance.now() - began)} ms`)
}

const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'))
const backends: Readonly<Record<string, () => Promise<void>>> = {
  memory: () => run('memory', async () => createMemoryStore({ clock })),
  sqlite: () => run('sqlite', async () => openSqliteStore({ path: join(folder, 'store.db'), clock })),
  etcd: async () => {
    const missing = etcdMissing()
    if (missing !== undefined) {
      console.log(`etcd: ${missing}`)
      return
    }
    await using cluster = await startEtcdCluster(1)
    const { endpoints } = cluster
    await run('etcd', () => openEtcdStore({ endpoints, clock, random: createRandom() }))
  },
}
const asked = process.argv.slice(2)
try {
  for (const [name, backend] of Object.entries(backends)) {
    if (asked.length === 0 || asked.includes(name)) await backend()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
