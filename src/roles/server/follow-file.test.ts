import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '#kit/telemetry/log.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import type { Files } from '#world/ports/files.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { followFile } from './follow-file.ts'
import { createReloadMeter, type ReloadMeter } from './reload-meter.ts'

const files = createFiles()

interface Followed {
  readonly taken: string[]
  readonly takeOver: (text: string) => void
  readonly metrics: Metrics
  readonly meter: ReloadMeter
}

function followed(): Followed {
  const taken: string[] = []
  const metrics = createMetrics()
  const takeOver = (text: string): void => {
    if (text === 'nonsense') throw new Error('not a configuration')
    taken.push(text)
  }
  return { taken, takeOver, metrics, meter: createReloadMeter(metrics, 'encryption', 'server') }
}

test('a changed file is taken over within a minute; a broken one is passed over, told once and counted', async () => {
  await using folder = await files.temporaryDirectory('gantry-follow-')
  const path = `${folder.path}/config.yaml`
  await files.write(path, 'one')
  const clock = new SimClock({ startMs: 0, order: createSeededRandom(1) })
  const { taken, takeOver, metrics, meter } = followed()
  // As on a filesystem that tells of no changes.
  const deaf: Files = { ...files, watch: async function* watch() {} }
  const parts = { clock, files: deaf, log: silentLog }
  await using _ = followFile(parts, { path, what: 'configuration', text: 'one', takeOver, meter })
  const minute = async (): Promise<void> => {
    await clock.advance(60_000)
    // The file is read in real time.
    for (let turn = 0; turn < 50; turn++) await files.stat(path)
  }
  await minute()
  assert.deepEqual(taken, [], 'nothing has changed')
  await files.write(path, 'two')
  await minute()
  assert.deepEqual(taken, ['two'])
  await files.write(path, 'nonsense')
  await minute()
  await minute()
  await files.write(path, 'three')
  await minute()
  assert.deepEqual(taken, ['two', 'three'])
  const text = metrics.render()
  assert.match(text, /apiserver_encryption_config_controller_automatic_reloads_total\{status="failure",.*\} 1\n/)
  assert.match(text, /apiserver_encryption_config_controller_automatic_reloads_total\{status="success",.*\} 2\n/)
  assert.match(text, /last_config_info\{apiserver_id_hash="sha256:\w{64}",hash="sha256:\w{64}"\} 1\n/)
})

test('a change is noticed when it happens', { timeout: 50_000 }, async () => {
  await using folder = await files.temporaryDirectory('gantry-follow-')
  const path = `${folder.path}/config.yaml`
  await files.write(path, 'one')
  const clock = createClock()
  const { takeOver, meter } = followed()
  const changed = Promise.withResolvers<string>()
  const tell = (text: string): void => {
    takeOver(text)
    changed.resolve(text)
  }
  await using _ = followFile(
    { clock, files, log: silentLog },
    { path, what: 'configuration', text: 'one', takeOver: tell, meter },
  )
  await files.write(path, 'two')
  assert.equal(await changed.promise, 'two')
})
