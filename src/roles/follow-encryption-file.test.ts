import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EncryptionConfig } from '#cluster/apiserver/encryption/encryption-config.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createFiles } from '#world/real/files.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { followEncryptionFile } from './follow-encryption-file.ts'

const files = createFiles()
const textFor = (resource: string): string =>
  `{ apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{ resources: [${resource}], providers: [{ identity: {} }] }] }`

test('a changed file is taken over within a minute; a broken one is passed over', async () => {
  await using folder = await files.temporaryDirectory('gantry-encryption-')
  const path = `${folder.path}/config.yaml`
  await files.write(path, textFor('secrets'))
  const clock = new SimClock({ startMs: 0, order: createSeededRandom(1) })
  const taken: string[] = []
  const reseal = async ({ resources }: EncryptionConfig): Promise<void> => {
    taken.push(...resources.flatMap((one) => one.resources))
  }
  await using _ = followEncryptionFile({ clock, files, log: silentLog }, { path, text: textFor('secrets'), reseal })
  const minute = async (): Promise<void> => {
    await clock.advance(60_000)
    // The file is read in real time.
    for (let turn = 0; turn < 50; turn++) await files.stat(path)
  }
  await minute()
  assert.deepEqual(taken, [], 'nothing has changed')
  await files.write(path, textFor('configmaps'))
  await minute()
  assert.deepEqual(taken, ['configmaps'])
  await files.write(path, 'kind: Nonsense')
  await minute()
  await files.write(path, textFor('pods'))
  await minute()
  assert.deepEqual(taken, ['configmaps', 'pods'])
})
