import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { isStoreError } from './errors.ts'
import { openSqlite, pragma } from './open-sqlite.ts'
import { openSqliteStore } from './sqlite-store.ts'

const clock = createClock()

function pathFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-store-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'store.db')
}

test('a second opener is told who to stop, and the first goes on', async (context) => {
  const path = pathFor(context)
  await using store = openSqliteStore({ path, clock })
  assert.throws(
    () => openSqliteStore({ path, clock }),
    (error) => isStoreError(error, 'STORE_LOCKED') && (error.remedy ?? '').includes('--root'),
  )
  await store.put('/a', new Uint8Array(1))
})

test('a file that is no database, or not ours, is refused and left alone', (context) => {
  const path = pathFor(context)
  writeFileSync(path, 'x'.repeat(8192))
  assert.throws(
    () => openSqliteStore({ path, clock }),
    (error) => isStoreError(error, 'STORE_CORRUPT'),
  )
  const foreign = `${path}2`
  const database = new DatabaseSync(foreign)
  database.exec('create table theirs(a)')
  database.close()
  assert.throws(
    () => openSqliteStore({ path: foreign, clock }),
    (error) => isStoreError(error, 'STORE_CORRUPT'),
  )
})

test('a store of a newer program is refused', async (context) => {
  const path = pathFor(context)
  await openSqliteStore({ path, clock })[Symbol.asyncDispose]()
  const database = new DatabaseSync(path)
  database.exec('pragma user_version = 999')
  database.close()
  assert.throws(
    () => openSqliteStore({ path, clock }),
    (error) => isStoreError(error, 'STORE_TOO_NEW'),
  )
})

test('a folder that does not exist is named', (context) => {
  const path = join(pathFor(context), 'missing', 'store.db')
  assert.throws(
    () => openSqliteStore({ path, clock }),
    (error) => isStoreError(error, 'STORE_CANNOT_OPEN'),
  )
})

test('a full store keeps nothing of the failed write, still reads, and takes writes again after deletes', async (context) => {
  const path = pathFor(context)
  await using store = openSqliteStore({ path, clock, sizeBytesMax: 512 * 1024 })
  const value = new Uint8Array(16_384)
  let written = 0
  const fill = async (): Promise<void> => {
    for (; written < 1000; written++) await store.put(`/k${written}`, value)
  }
  await assert.rejects(fill(), (error) => isStoreError(error, 'STORE_FULL'))
  const before = await store.range({ prefix: '/' })
  assert.equal(before.count, written)
  const both = store.txn({
    writes: [
      { type: 'put', key: '/a', value: new Uint8Array(1) },
      { type: 'put', key: '/b', value: new Uint8Array(500_000) },
    ],
  })
  await assert.rejects(both, (error) => isStoreError(error, 'STORE_FULL'))
  assert.equal(await store.get('/a'), undefined)
  assert.equal(await store.currentRevision(), before.revision)
  await store.delete('/k0')
  await store.compact(await store.currentRevision())
  await store.put('/again', value)
})

test('a commit is durable: every one is synced, in a log that outlives the process', (context) => {
  const database = openSqlite({ path: pathFor(context), nowMs: 0 })
  context.after(() => database.close())
  const full = 2
  assert.equal(pragma(database, 'synchronous'), full)
  assert.equal(database.prepare('pragma journal_mode').get()?.['journal_mode'], 'wal')
})

test('a store that was cut off and then damaged is refused, named and left alone', async (context) => {
  const path = pathFor(context)
  {
    await using store = openSqliteStore({ path, clock })
    for (let index = 0; index < 200; index++) await store.put(`/k${index}`, new Uint8Array(2000))
    copyFileSync(`${path}-wal`, `${path}.cut-wal`)
    copyFileSync(path, `${path}.cut`)
  }
  {
    // What a power cut leaves is whole.
    copyFileSync(`${path}.cut`, `${path}.whole`)
    copyFileSync(`${path}.cut-wal`, `${path}.whole-wal`)
    await using store = openSqliteStore({ path: `${path}.whole`, clock })
    assert.equal((await store.range({ prefix: '/k', countOnly: true })).count, 200)
  }
  const bytes = readFileSync(`${path}.whole`)
  const open = new DatabaseSync(`${path}.whole`)
  open.exec("update state set value = 1 where name = 'open'; pragma wal_checkpoint(truncate)")
  open.close()
  const damaged = readFileSync(`${path}.whole`)
  damaged.fill(0xff, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 20_000)
  writeFileSync(`${path}.whole`, damaged)
  assert.throws(
    () => openSqliteStore({ path: `${path}.whole`, clock }),
    (error) => isStoreError(error, 'STORE_CORRUPT') && (error.remedy ?? '').includes('backup'),
  )
  assert.deepEqual(readFileSync(`${path}.whole`), damaged)
})
