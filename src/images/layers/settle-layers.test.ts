import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { digestHex } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { deps, scratch, tar } from '#images/images-fixture.contract.ts'
import { createImages } from '#images/images.ts'
import { createLayerStore } from './layer-store.ts'
import type { LayerStore } from './layer-types.ts'
import { isDoubtful } from './settle-layers.ts'

test('a layer is doubted when the machine went down before it was known to be on the disk', () => {
  const rows: readonly (readonly [settled: boolean, bootId: string | undefined, doubtful: boolean])[] = [
    [false, 'before', true],
    [false, 'now', false],
    [true, 'before', false],
    [false, undefined, false],
  ]
  for (const [settled, bootId, doubtful] of rows) assert.equal(isDoubtful({ settled, bootId }, 'now'), doubtful)
})

const content = tar([
  { name: 'a', type: 'file', mode: 0o644, content: 'a'.repeat(9000) },
  { name: 'b', type: 'file', mode: 0o600, content: 'b' },
])

async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}

interface Stored {
  readonly root: string
  readonly folder: string
  readonly diffId: Digest
  readonly layers: LayerStore
  readonly reopen: () => Promise<LayerStore>
}

async function stored(context: TestContext): Promise<Stored> {
  const root = scratch(context)
  const open = (): Promise<LayerStore> => createLayerStore(deps, `${root}/layers`)
  const layers = await open()
  const { diffId } = await layers.ingestTar(bytesOf(content))
  return { root, folder: join(root, 'layers/sha256', digestHex(diffId)), diffId, layers, reopen: open }
}

/** As if the machine had been started anew since. */
function restartMachine(folder: string): void {
  const path = join(folder, 'record.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"bootId":"[^"]*"/, '"bootId":"another"'))
}

/** What a power cut does to a file whose bytes were on their way: its length is there, its content is not. */
function losePower(folder: string, file: string): void {
  const path = join(folder, 'fs', file)
  const { length } = readFileSync(path)
  truncateSync(path, 0)
  truncateSync(path, length)
}

test('a layer that a power cut damaged is gone at the next start, and can be stored again', async (context) => {
  const { folder, diffId, reopen } = await stored(context)
  restartMachine(folder)
  losePower(folder, 'a')
  const layers = await reopen()
  assert.equal(layers.get(diffId), undefined)
  assert.equal(existsSync(folder), false)
  assert.equal((await layers.ingestTar(bytesOf(content))).diffId, diffId)
})

test('a layer without its recipe, or with a file missing, is gone as well', async (context) => {
  for (const lost of ['recipe.zst', 'fs/b']) {
    const { folder, diffId, reopen } = await stored(context)
    restartMachine(folder)
    await deps.files.remove(join(folder, lost))
    assert.equal((await reopen()).get(diffId), undefined, lost)
  }
})

test('a layer that came through is kept, and not read again once it is settled', async (context) => {
  const { folder, diffId, layers, reopen } = await stored(context)
  restartMachine(folder)
  assert.ok((await reopen()).get(diffId))
  await layers.settle()
  assert.ok(readdirSync(folder).includes('settled'))
  losePower(folder, 'a')
  assert.ok((await reopen()).get(diffId), 'what had reached the disk is not doubted')
})

test('an image that lost a layer is gone with it, and its name is free', async (context) => {
  const root = scratch(context)
  const images = await createImages(deps, { root })
  const { diffId } = await images.layers.ingestTar(bytesOf(content))
  const folder = join(root, 'layers/sha256', digestHex(diffId))
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' as const, diff_ids: [diffId] } }
  await images.createImage({ config, tags: ['damaged:1'] })
  await images[Symbol.asyncDispose]()
  restartMachine(folder)
  losePower(folder, 'a')
  const after = await createImages(deps, { root })
  assert.equal(after.find('damaged:1'), undefined)
  assert.deepEqual(after.all(), [])
  await after[Symbol.asyncDispose]()
})
