import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { createClock } from '#world/real/clock.ts'
import { isStoreError } from './errors.ts'
import { openSqliteStore } from './sqlite-store.ts'

const clock = createClock()
const commits = 30

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-damage-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

interface Crashed {
  readonly path: string
  readonly log: Buffer
  /** Puts file and log there as the crash left them. */
  restore(): void
}

/** What is on the disk after a crash: a store of which every commit is still in its log. */
async function crashedStore(context: TestContext): Promise<Crashed> {
  const folder = folderFor(context)
  const running = join(folder, 'running.db')
  const path = join(folder, 'store.db')
  const saved = join(folder, 'saved')
  await using store = openSqliteStore({ path: running, clock })
  for (let index = 0; index < commits; index++) await store.put(`/k${index}`, Buffer.alloc(index * 300, index))
  copyFileSync(running, saved)
  const log = readFileSync(`${running}-wal`)
  const restore = (): void => {
    copyFileSync(saved, path)
    writeFileSync(`${path}-wal`, log)
  }
  restore()
  return { path, log, restore }
}

/** How many of the commits are there: the first ones, each whole. */
async function survivors(path: string): Promise<number> {
  await using store = openSqliteStore({ path, clock })
  const { entries } = await store.range({})
  for (const { key, value } of entries) {
    const index = Number(key.slice(2))
    assert.ok(index < entries.length, `${key} of ${entries.length}`)
    assert.deepEqual(Buffer.from(value), Buffer.alloc(index * 300, index))
  }
  return entries.length
}

const isDamaged = (error: unknown): boolean =>
  isStoreError(error, 'STORE_CORRUPT') && (error.remedy ?? '').includes('backup')

test('a log that was cut anywhere keeps the commits before the cut', async (context) => {
  const { path, log, restore } = await crashedStore(context)
  assert.equal(await survivors(path), commits)
  await fc.assert(
    fc.asyncProperty(fc.nat(log.length - 1), async (cut) => {
      restore()
      truncateSync(`${path}-wal`, cut)
      assert.ok((await survivors(path)) <= commits)
    }),
    { numRuns: 60 },
  )
})

test('a damaged byte in the log never takes more than the last commit without being told, and changes nothing', async (context) => {
  const { path, log, restore } = await crashedStore(context)
  await fc.assert(
    fc.asyncProperty(fc.nat(log.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
      restore()
      const damaged = Buffer.from(log)
      damaged[at] = (damaged[at] ?? 0) ^ bits
      writeFileSync(`${path}-wal`, damaged)
      try {
        assert.ok((await survivors(path)) >= commits - 1)
      } catch (error) {
        assert.ok(isDamaged(error), String(error))
        assert.ok(readFileSync(`${path}-wal`).equals(damaged))
      }
    }),
    { numRuns: 100 },
  )
})

test('a log without a head that can be read is damage, one that was never written is none', async (context) => {
  const { path, log, restore } = await crashedStore(context)
  const damaged = Buffer.from(log)
  damaged[9] = (damaged[9] ?? 0) ^ 1
  writeFileSync(`${path}-wal`, damaged)
  await assert.rejects(survivors(path), isDamaged)
  restore()
  writeFileSync(`${path}-wal`, Buffer.alloc(8192))
  assert.equal(await survivors(path), 0)
})

test('a log that is missing after a crash is told; an empty one in its place accepts the loss', async (context) => {
  const { path } = await crashedStore(context)
  rmSync(`${path}-wal`)
  await assert.rejects(survivors(path), isDamaged)
  writeFileSync(`${path}-wal`, '')
  assert.equal(await survivors(path), 0)
})

test('an empty file, or a log without its file, is not taken for a new store', async (context) => {
  const { path, log } = await crashedStore(context)
  writeFileSync(path, '')
  await assert.rejects(survivors(path), isDamaged)
  assert.ok(readFileSync(`${path}-wal`).equals(log))
  rmSync(path)
  await assert.rejects(survivors(path), isDamaged)
  assert.ok(readFileSync(`${path}-wal`).equals(log))
})

test('a page that is lost is told, at the start or when it is read, unless it held nothing but a value', async (context) => {
  const path = join(folderFor(context), 'store.db')
  {
    await using store = openSqliteStore({ path, clock })
    for (let index = 0; index < commits; index++) await store.put(`/k${index}`, Buffer.alloc(3000, index))
  }
  const whole = readFileSync(path)
  for (let page = 0; page < whole.length / 4096; page++) {
    const damaged = Buffer.from(whole)
    damaged.fill(0, page * 4096, (page + 1) * 4096)
    writeFileSync(path, damaged)
    try {
      await using store = openSqliteStore({ path, clock })
      assert.equal((await store.range({})).entries.length, commits, `page ${page}`)
    } catch (error) {
      assert.ok(isDamaged(error), `page ${page}: ${String(error)}`)
    }
  }
})

test('a folder in place of the file is named', (context) => {
  const path = join(folderFor(context), 'store.db')
  mkdirSync(path)
  const isNamed = (error: unknown): boolean =>
    isStoreError(error, 'STORE_CANNOT_OPEN') && error.message.includes('folder')
  assert.throws(() => openSqliteStore({ path, clock }), isNamed)
})

test('a new store is readable by its owner alone, and making it leaves nothing else behind', async (context) => {
  const folder = folderFor(context)
  const path = join(folder, 'store.db')
  await using store = openSqliteStore({ path, clock })
  await store.put('/a', Buffer.from('1'))
  const privately = 0o600
  for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, privately)
  assert.equal(spawnSync('ls', ['-A', folder], { encoding: 'utf8' }).stdout, 'store.db\nstore.db-wal\n')
})

test('a clock that was set back between two runs changes nothing', async (context) => {
  const path = join(folderFor(context), 'store.db')
  let revision = 0
  {
    await using store = openSqliteStore({ path, clock })
    await store.grantLease(60_000)
    revision = (await store.put('/a', Buffer.from('1'))).modRevision
  }
  const earlier = { ...clock, now: () => clock.now() - 86_400_000_000, monotonicMs: () => clock.monotonicMs() / 1000 }
  await using store = openSqliteStore({ path, clock: { ...earlier, setTimer: (ms, run) => clock.setTimer(ms, run) } })
  assert.equal((await store.put('/a', Buffer.from('2'))).modRevision, revision + 1)
})

/** A file system of its own in memory; undefined where nothing may be mounted. */
function smallDisk(
  context: TestContext,
  sizeMegabytes: number,
): { path: string; remount(options: string): void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-disk-'))
  context.after(() => {
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  const mount = (...rest: string[]): boolean =>
    spawnSync('mount', ['-t', 'tmpfs', ...rest, 'tmpfs', folder]).status === 0
  if (!mount('-o', `size=${sizeMegabytes}m`)) {
    context.skip('nothing may be mounted here')
    return undefined
  }
  const remount = (options: string): void => assert.ok(mount('-o', `remount,${options}`))
  return { path: join(folder, 'store.db'), remount }
}

test('a disk that runs full loses nothing that was acknowledged, and is written again once it has room', async (context) => {
  const disk = smallDisk(context, 12)
  if (disk === undefined) return
  const { path, remount } = disk
  const told: (string | undefined)[] = []
  await using store = openSqliteStore({ path, clock, onTrouble: (problem) => told.push(problem?.code) })
  let written = 0
  const fill = async (): Promise<void> => {
    for (; written < 1000; written++) await store.put(`/k${written}`, Buffer.alloc(100_000, written))
  }
  await assert.rejects(fill(), (error) => isStoreError(error, 'STORE_FULL') && error.cause !== undefined)
  await store.put('/small', Buffer.from('1'))
  assert.equal(store.problem?.code, 'STORE_FULL', 'what is small may still find room')
  const elsewhere = join(folderFor(context), 'store.db')
  for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${elsewhere}${suffix}`)
  {
    await using crashed = openSqliteStore({ path: elsewhere, clock })
    assert.equal((await crashed.range({ countOnly: true })).count, written + 1)
  }
  remount('size=64m')
  for (let tries = 0; tries < 600 && store.problem !== undefined; tries++) await clock.sleep(50)
  assert.deepEqual(told, ['STORE_FULL', undefined])
  await store.put('/again', Buffer.alloc(100_000))
  assert.equal((await store.range({ countOnly: true })).count, written + 2)
})

test('a disk that fails to be written is told until it can be written', async (context) => {
  const disk = smallDisk(context, 8)
  if (disk === undefined) return
  const { path, remount } = disk
  await using store = openSqliteStore({ path, clock })
  const pad = join(path, '..', 'pad')
  const fill = async (): Promise<void> => {
    // What the log has room for it takes without asking the disk.
    for (let index = 0; index < 100; index++) await store.put(`/k${index}`, Buffer.alloc(100_000))
  }
  writeFileSync(pad, Buffer.alloc(4 << 20))
  await assert.rejects(fill(), (error) => isStoreError(error, 'STORE_FULL'))
  await clock.sleep(1500)
  assert.equal(store.problem?.code, 'STORE_FULL', 'it was asked again in vain')
  rmSync(pad)
  remount('size=32m')
  for (let tries = 0; tries < 600 && store.problem !== undefined; tries++) await clock.sleep(50)
  assert.equal(store.problem, undefined)
})

test('a disk that is full at the start, or mounted read-only, is told', async (context) => {
  const disk = smallDisk(context, 12)
  if (disk === undefined) return
  const { path, remount } = disk
  writeFileSync(join(path, '..', 'pad'), Buffer.alloc(12 << 20).subarray(0, (12 << 20) - 8192))
  assert.throws(
    () => openSqliteStore({ path, clock }),
    (error) => isStoreError(error, 'STORE_FULL'),
  )
  rmSync(join(path, '..', 'pad'))
  await openSqliteStore({ path, clock })[Symbol.asyncDispose]()
  remount('ro')
  assert.throws(
    () => openSqliteStore({ path, clock }),
    (error) => isStoreError(error, 'STORE_CANNOT_OPEN') && (error.remedy ?? '').includes('read-only'),
  )
  remount('rw')
  await openSqliteStore({ path, clock })[Symbol.asyncDispose]()
})
