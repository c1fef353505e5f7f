import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { createRecordTable } from '#engine/records/record-table.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import type { VolumeRecord } from './volume-record.ts'
import { createVolumes, type Volumes } from './volumes.ts'

interface Place {
  readonly root: string
  /** Volume names by the containers that have them. */
  readonly users: Map<string, string>
  readonly open: () => Promise<Volumes>
}

function place(context: TestContext): Place {
  const root = mkdtempSync(join(tmpdir(), 'gantry-volumes-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  const clock = createClock()
  const table = createRecordTable<VolumeRecord>(createMemoryStore({ clock }), 'volumes')
  const users = new Map<string, string>()
  const kernel = createKernel({ processes: createProcesses() })
  const open = (): Promise<Volumes> =>
    createVolumes(
      {
        clock,
        random: createRandom(),
        files: createFiles(),
        kernel,
        table,
        usersOf: (name) => [...users].filter(([, volume]) => volume === name).map(([id]) => id),
        onEvent: () => undefined,
      },
      root,
    )
  return { root, users, open }
}

const request = { name: '', driver: '', options: {}, labels: {} }

test('a volume whose container was never recorded goes at the next start, with its folder', async (context) => {
  const { root, open } = place(context)
  const before = await open()
  const { name } = await before.create({ ...request, madeFor: 'cut-off' })
  const { name: whole } = await before.create({ ...request, madeFor: 'there' })
  const after = await open()
  await after.removeOrphans((id) => id === 'there')
  assert.equal(after.find(name), undefined)
  assert.deepEqual(readdirSync(root), [whole])
})

test('a volume that was kept, or that somebody else has, outlives its container', async (context) => {
  const { users, open } = place(context)
  const before = await open()
  const { name: kept } = await before.create({ ...request, madeFor: 'a' })
  const { name: shared } = await before.create({ ...request, madeFor: 'a' })
  await before.keep(kept)
  users.set('b', shared)
  const after = await open()
  await after.removeOrphans(() => false)
  users.clear()
  const later = await open()
  await later.removeOrphans(() => false)
  assert.deepEqual(
    later.all().map(({ name }) => name),
    [kept, shared].toSorted(),
  )
})

test('a volume with a name belongs to whoever named it', async (context) => {
  const { open } = place(context)
  const volumes = await open()
  await volumes.create({ ...request, name: 'mine', madeFor: 'cut-off' })
  await volumes.removeOrphans(() => false)
  assert.equal(volumes.resolve('mine').madeFor, undefined)
})
