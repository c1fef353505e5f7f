import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { encodeImageConfig } from '#spec/oci/image-config.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSimFiles } from '#world/sim/files.ts'
import type { SimFiles, SimFilesOptions } from '#world/sim/files.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { createImageIndex } from './image-index.ts'

const configs = ['first', 'second', 'third'].map((author) =>
  encodeImageConfig({ architecture: 'amd64', os: 'linux', author, rootfs: { type: 'layers', diff_ids: [] } }),
)
const [first, second, third] = configs.map(digestOf) as [Digest, Digest, Digest]

function disk(options: Partial<SimFilesOptions> = {}): SimFiles {
  return createSimFiles({ clock: new SimClock(), random: createSeededRandom(1), ...options })
}

/** What was done and acknowledged, in this order: after a crash the disk holds one of these states. */
async function work(files: SimFiles, done: (state: string) => void): Promise<void> {
  const index = await createImageIndex(files, '/records')
  const show = (): void =>
    done(['a:1', 'b:1'].map((name) => [first, second, third].indexOf(index.byReference(name) as Digest)).join())
  show()
  for (const configBytes of configs) await index.add({ configBytes, sizeBytes: 1, addedMs: 1 })
  await index.setReferences(new Map([['a:1', first]]), 1)
  show()
  await index.setReferences(
    new Map([
      ['a:1', second],
      ['b:1', third],
    ]),
    2,
  )
  show()
  await index.remove(third)
  show()
}

test('whatever effect a crash comes before, names point at whole images, as they did before or after the step', async () => {
  const whole = disk()
  const states: string[] = []
  await work(whole, (state) => states.push(state))
  assert.deepEqual(states, ['-1,-1', '0,-1', '1,2', '1,-1'])
  for (let crashAtEffect = 1; crashAtEffect <= whole.effects; crashAtEffect += 1) {
    const files = disk({ crashAtEffect })
    let acknowledged = 0
    await assert.rejects(work(files, () => (acknowledged += 1)))
    const index = await createImageIndex(disk({ from: files.left() }), '/records')
    const found = ['a:1', 'b:1'].map((name) => [first, second, third].indexOf(index.byReference(name) as Digest)).join()
    const allowed = states.slice(Math.max(0, acknowledged - 1), acknowledged + 1)
    assert.ok(allowed.includes(found), `before effect ${crashAtEffect}: ${found}, not ${allowed.join(' or ')}`)
    for (const { id, configBytes } of index.all()) assert.equal(digestOf(configBytes), id)
  }
})
