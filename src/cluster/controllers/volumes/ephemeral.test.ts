import assert from 'node:assert/strict'
import { test } from 'node:test'
import { events, persistentVolumeClaims, pods } from '#clients/kubernetes/resources.table.ts'
import type { Event } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { createBench, podLike } from '../bench.contract.ts'
import { startEphemeralVolumeController } from './ephemeral.ts'

test('a claim that somebody else made is told of again and again, ever more slowly, until it is gone', async () => {
  await using bench = createBench()
  bench.start(startEphemeralVolumeController)
  const metadata = { namespace: 'default' }
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  await bench.put(persistentVolumeClaims, { metadata: { ...metadata, name: 'p-d' }, spec })
  const volumes = [{ name: 'd', ephemeral: { volumeClaimTemplate: { spec } } }]
  await bench.api.create(pods, podLike('p', { metadata, spec: { volumes } }))
  const told = (): readonly string[] =>
    bench.api.all<Event>(events).map(({ message, count }) => `${message ?? ''} x${count ?? 1}`)
  const why = 'ephemeral volume d: PVC default/p-d was not created for pod default/p (pod is not owner)'
  // 5 ms, 10, 20, …: the ninth attempt comes after 1,275 ms, the tenth after 2,555.
  await bench.pass(2000)
  assert.deepEqual(told(), [`${why} x9`])
  await bench.api.delete(persistentVolumeClaims, 'p-d', metadata)
  await bench.pass(10_000)
  const [claim] = bench.api.all(persistentVolumeClaims)
  assert.deepEqual([claim?.metadata.ownerReferences?.[0]?.kind, told().length], ['Pod', 1])
})
