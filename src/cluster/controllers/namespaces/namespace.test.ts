import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, namespaces, pods, secrets, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import type { Namespace } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { startRootCertificatePublisher } from '../accounts/root-certificate.ts'
import { startServiceAccountController } from '../accounts/service-account.ts'
import { createBench, podLike } from '../bench.contract.ts'
import { startNamespaceController } from './namespace.ts'

const namespace = (name: string, more: object = {}): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, ...more },
  spec: { finalizers: ['kubernetes'] },
})
const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['test'] }

test('a namespace being deleted is emptied, pods first, then finalized', async () => {
  await using bench = createBench()
  await bench.api.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'going' },
  })
  await bench.api.create(pods, podLike('p', { metadata: { namespace: 'going' } }))
  await bench.api.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'b', namespace: 'stays' } })
  await bench.pass(10)
  bench.start(startNamespaceController)
  await bench.api.create(namespaces, namespace('going', deleted))
  await bench.pass(60_000)
  const going = bench.api.all(namespaces)[0]
  assert.deepEqual([going?.spec.finalizers, going?.status?.phase], [[], 'Terminating'])
  assert.deepEqual(
    [bench.api.all(configMaps).length, bench.api.all(pods).length, bench.api.all(secrets).length],
    [0, 0, 1],
  )
  const order = bench.api.writes.filter((write) => write.startsWith('delete'))
  assert.deepEqual(order, ['delete pods going/p', 'delete configmaps going/a'])
})

test('what holds a namespace back is told by its conditions', async () => {
  await using bench = createBench()
  await bench.api.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'going', finalizers: ['example.com/hold'] },
  })
  bench.start(startNamespaceController)
  await bench.api.create(namespaces, namespace('going', deleted))
  await bench.pass(5000)
  const messages = (bench.api.all(namespaces)[0]?.status?.conditions ?? [])
    .filter((one) => one.status === 'True')
    .map((one) => `${one.reason}: ${one.message}`)
  assert.deepEqual(messages, [
    'SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances',
    'SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  ])
})

test('while pods are left the conditions tell of nothing else, and nothing else is touched', async () => {
  await using bench = createBench()
  await bench.api.create(pods, podLike('p', { metadata: { namespace: 'going', finalizers: ['example.com/hold'] } }))
  await bench.put(configMaps, { metadata: { name: 'a', namespace: 'going' } })
  bench.start(startNamespaceController)
  await bench.api.create(namespaces, namespace('going', deleted))
  await bench.pass(5000)
  const going = bench.api.all(namespaces)[0]
  const holding = (going?.status?.conditions ?? []).filter((one) => one.status === 'True')
  assert.deepEqual([holding, going?.spec.finalizers, bench.api.all(configMaps).length], [[], ['kubernetes'], 1])
})

test('a live namespace gets its default account and the root certificate, and gets them back', async () => {
  await using bench = createBench()
  bench.start(startServiceAccountController)
  bench.start((context) => startRootCertificatePublisher(context, 'PEM'))
  await bench.api.create(namespaces, namespace('a'))
  await bench.api.create(namespaces, namespace('going', deleted))
  await bench.pass(100)
  await bench.api.delete(serviceAccounts, 'default', { namespace: 'a' })
  await bench.put(configMaps, { metadata: { name: 'kube-root-ca.crt', namespace: 'a' }, data: { 'ca.crt': 'forged' } })
  await bench.pass(100)
  assert.deepEqual(
    bench.api.all(serviceAccounts).map((one) => one.metadata.namespace),
    ['a'],
  )
  assert.deepEqual(
    bench.api.all(configMaps).map((one) => one.data),
    [{ 'ca.crt': 'PEM' }],
  )
})
