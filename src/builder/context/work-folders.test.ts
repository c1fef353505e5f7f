import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { openTestBuilder } from '../test-builder.contract.ts'
import { createWorkFolders } from './work-folders.ts'

test('folders are apart, go with their content, and leftovers go at the start', async (context) => {
  const root = join(mkdtempSync(join(tmpdir(), 'gantry-folders-')), 'builds')
  context.after(() => rmSync(join(root, '..'), { recursive: true }))
  mkdirSync(join(root, 'left/over'), { recursive: true })
  const folders = createWorkFolders({ files: createFiles(), random: createRandom() }, root)
  await folders.sweep()
  assert.deepEqual(readdirSync(root), [])
  const [one, other] = [await folders.make(), await folders.make()]
  writeFileSync(join(one.path, 'f'), 'x')
  await one[Symbol.asyncDispose]()
  assert.deepEqual([existsSync(one.path), existsSync(other.path)], [false, true])
})

test('drafts that a crash left are removed by the next program', async (context) => {
  const { images, builder, openStore, build } = await openTestBuilder(context)
  await build('FROM busybox\nENV A=1\n')
  const store = openStore()
  await store.draft(store.find('busybox'))
  assert.equal(images.snapshots.list().length, 1)
  const { createImageStore } = await import('../image-store.ts')
  await createImageStore({
    images,
    files: createFiles(),
    random: createRandom(),
    pull: () => Promise.resolve(),
  }).sweep()
  assert.equal(images.snapshots.list().length, 0)
  await builder[Symbol.asyncDispose]()
})
