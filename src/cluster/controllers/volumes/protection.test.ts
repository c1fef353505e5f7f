import assert from 'node:assert/strict'
import { test } from 'node:test'
import { persistentVolumeClaims, pods } from '#clients/kubernetes/resources.table.ts'
import { createBench, podLike } from '../bench.contract.ts'
import { startClaimProtection } from './protection.ts'

test('a claim goes only when no running pod uses it any more', async () => {
  await using bench = createBench()
  bench.start(startClaimProtection)
  await bench.put(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c', namespace: 'default' },
    spec: {},
  })
  await bench.api.create(
    pods,
    podLike('p', { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] } }),
  )
  await bench.pass(100)
  await bench.api.delete(persistentVolumeClaims, 'c', { namespace: 'default' })
  await bench.pass(1000)
  assert.deepEqual(bench.api.all(persistentVolumeClaims)[0]?.metadata.finalizers, ['kubernetes.io/pvc-protection'])
  await bench.api.delete(pods, 'p', { namespace: 'default' })
  await bench.pass(1000)
  assert.equal(bench.api.all(persistentVolumeClaims).length, 0)
})
