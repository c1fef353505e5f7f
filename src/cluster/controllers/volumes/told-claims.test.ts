import assert from 'node:assert/strict'
import { test } from 'node:test'
import { events, persistentVolumeClaims, pods } from '#clients/kubernetes/resources.table.ts'
import type { Event } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { createBench, podLike } from '../bench.contract.ts'
import { startVolumeBinder } from './binder.ts'

const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }]

test('what a claim waits for is told once, however many pods come and go, and again when the claim changes', async () => {
  await using bench = createBench()
  bench.start(startVolumeBinder)
  const place = { namespace: 'default' }
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Gi' } } }
  await bench.put(persistentVolumeClaims, { metadata: { name: 'c', ...place }, spec, status: { phase: 'Pending' } })
  await bench.pass(1000)
  for (const name of ['p', 'q']) {
    await bench.api.create(pods, podLike(name, { metadata: place, spec: { volumes } }))
    await bench.pass(1000)
  }
  const told = (): readonly (readonly [string | undefined, number | undefined])[] =>
    bench.api.all<Event>(events).map(({ reason, count }) => [reason, count])
  assert.deepEqual(told(), [['ProvisioningFailed', 1]])
  await bench.api.patch(persistentVolumeClaims, 'c', { metadata: { labels: { a: 'b' } } }, { ...place, type: 'merge' })
  await bench.pass(1000)
  assert.deepEqual(told(), [['ProvisioningFailed', 2]])
})
