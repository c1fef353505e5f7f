import assert from 'node:assert/strict'
import test from 'node:test'
import { errnoOf } from '#base/errors/gantry-error.ts'
import { filesContract } from '#world/ports/files.contract.ts'
import { SimClock } from './clock.ts'
import { createSimFiles, type SimFilesOptions } from './files.ts'
import { createSeededRandom } from './random.ts'

const make = (options: Partial<SimFilesOptions> = {}): ReturnType<typeof createSimFiles> =>
  createSimFiles({ clock: new SimClock(), random: createSeededRandom(1), ...options })

filesContract('memory', async () => {
  const files = make()
  await files.makeDirectory('/place')
  return { files, path: '/place', [Symbol.asyncDispose]: () => Promise.resolve() }
})

test('a full disk takes nothing more and keeps what it has', async () => {
  const files = make({ capacityBytes: 10 })
  await files.write('/a', '12345678')
  await assert.rejects(files.append('/a', '9ab'), (error) => errnoOf(error) === 'ENOSPC')
  assert.equal(await files.readText('/a'), '12345678')
  await files.remove('/a')
  await files.write('/b', '1234567890')
})

test('whichever effect a crash hits, a replaced file is the old one or the new one', async () => {
  const seen = new Set<string>()
  for (let crashAtEffect = 1; crashAtEffect < 10; crashAtEffect++) {
    const before = make()
    await before.write('/state', 'old')
    const files = make({ from: before.left(), crashAtEffect })
    await files.replace('/state', 'new').catch(() => undefined)
    const after = make({ from: files.left() })
    seen.add(await after.readText('/state'))
  }
  assert.deepEqual(seen, new Set(['old', 'new']))
})
