import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { createUndoStack } from '#base/async/undo-stack.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { World } from '#world/ports/world.ts'
import { createRealWorld } from '#roles/real-world.ts'
import { startEngine } from './engine.ts'
import { placesOf } from './engine-places.ts'
import { shareMounts } from './share-mounts.ts'

const world: World = createRealWorld()
const { mounts } = world.kernel
const needsRoot = world.processes.self.uid === 0 ? false : 'needs root'

/** A folder that is gone afterwards, with everything that is mounted in it. */
async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'gantry-engine-'))
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const target of await mounts.listBelow(path)) mounts.unmount(target, { detach: true })
      await rm(path, { recursive: true, force: true })
    },
  }
}

test('an engine that cannot start leaves its folders as they were', { skip: needsRoot }, async () => {
  await using root = await temporaryFolder()
  const config = {
    root: root.path,
    runDirectory: join(root.path, 'run'),
    instance: placesOf(root.path).instance,
    listeners: [],
    runtime: '/no/such/runtime',
  }
  await assert.rejects(startEngine(world, silentLog, config), /no\/such\/runtime/)
  assert.deepEqual(await mounts.listBelow(root.path), [])
  await assert.rejects(startEngine(world, silentLog, config), /no\/such\/runtime/, 'the lock is free again')
})

test('folders that were shared before, and those in use, stay shared', { skip: needsRoot }, async () => {
  await using folder = await temporaryFolder()
  const [before, inUse] = [join(folder.path, 'before'), join(folder.path, 'in-use')]
  for (const path of [before, inUse, join(inUse, 'rootfs')]) await world.files.makeDirectory(path, { recursive: true })
  {
    await using undo = createUndoStack()
    await shareMounts(mounts, undo, [before])
    undo.commit()
  }
  {
    await using undo = createUndoStack()
    await shareMounts(mounts, undo, [before, inUse])
    mounts.bind({ source: folder.path, target: join(inUse, 'rootfs') })
  }
  assert.deepEqual(new Set(await mounts.listBelow(folder.path)), new Set([join(inUse, 'rootfs'), before, inUse]))
})
