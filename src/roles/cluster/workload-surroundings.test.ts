import assert from 'node:assert/strict'
import test from 'node:test'
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createCluster } from './cluster.ts'
import { place, podsOf, workload } from './workload-manifests.contract.ts'

test('endpoints and slices follow the pods behind a service and go with it', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  const { client } = cluster
  const service = (name: string, app: string): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  })
  await cluster.apply([
    workload('Deployment', 'web', { spec: { replicas: 3 } }),
    service('web', 'web'),
    service('empty', 'nobody'),
  ])
  await cluster.settle()
  const addresses = async (name: string): Promise<readonly [number, number]> => {
    const endpoints = await client.get(resources.endpoints, name, place)
    const slices = await client.list(resources.endpointSlices, {
      ...place,
      labelSelector: `kubernetes.io/service-name=${name}`,
    })
    return [
      (endpoints.subsets ?? []).flatMap((subset) => subset.addresses ?? []).length,
      slices.items.flatMap((slice) => slice.endpoints ?? []).length,
    ]
  }
  assert.deepEqual(await addresses('web'), [3, 3])
  assert.deepEqual(await addresses('empty'), [0, 0])
  for (const name of ['web', 'empty']) await client.delete(resources.services, name, place)
  await cluster.settle()
  const named = ({ metadata }: KubernetesObject): boolean => /^(web|empty)/.test(metadata.name ?? '')
  assert.equal((await client.list(resources.endpoints, place)).items.filter(named).length, 0)
  assert.equal((await client.list(resources.endpointSlices, place)).items.filter(named).length, 0)
})

test('endpoints made by hand are mirrored, changed and removed with their slice', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const subsets = (ip: string): object => ({ subsets: [{ addresses: [{ ip }], ports: [{ name: 'p', port: 9 }] }] })
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'own' }, spec: { ports: [{ name: 'p', port: 80 }] } },
    { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'own' }, ...subsets('10.1.2.3') },
  ])
  await cluster.settle()
  const mirrored = async (): Promise<unknown[]> =>
    (
      await client.list(resources.endpointSlices, { ...place, labelSelector: 'kubernetes.io/service-name=own' })
    ).items.map(({ metadata, endpoints }) => [
      metadata.labels?.['endpointslice.kubernetes.io/managed-by'],
      endpoints?.flatMap(({ addresses }) => addresses),
    ])
  const by = 'endpointslicemirroring-controller.k8s.io'
  assert.deepEqual(await mirrored(), [[by, ['10.1.2.3']]])
  await client.patch(resources.endpoints, 'own', subsets('10.2.3.4') as never, { ...place, type: 'merge' })
  await cluster.settle()
  assert.deepEqual(await mirrored(), [[by, ['10.2.3.4']]])
  await client.delete(resources.endpoints, 'own', place)
  await cluster.settle()
  assert.deepEqual(await mirrored(), [])
})

test('orphans stay when told so, and owners in a circle do not keep each other alive', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  await cluster.apply(workload('Deployment', 'web', { spec: { replicas: 1 } }))
  await cluster.settle()
  await client.delete(resources.deployments, 'web', { ...place, propagationPolicy: 'Orphan' })
  await cluster.settle()
  const [set] = (await client.list(resources.replicaSets, place)).items
  assert.equal(set?.metadata.ownerReferences, undefined)
  assert.equal((await podsOf(cluster, 'web')).length, 1)
  const names = ['a', 'b', 'c']
  for (const name of names) {
    await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
  }
  const maps = await Promise.all(names.map((name) => client.get(resources.configMaps, name, place)))
  for (const [at, { metadata }] of maps.entries()) {
    const owner = maps[(at + 1) % maps.length]?.metadata
    const reference = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: owner?.name,
      uid: owner?.uid,
      blockOwnerDeletion: true,
    }
    await client.patch(
      resources.configMaps,
      metadata.name,
      { metadata: { ownerReferences: [reference] } },
      { ...place, type: 'merge' },
    )
  }
  await client.delete(resources.configMaps, 'a', { ...place, propagationPolicy: 'Foreground' })
  await cluster.settle()
  const left = (await client.list(resources.configMaps, place)).items.map(({ metadata }) => metadata.name)
  assert.deepEqual(left, ['kube-root-ca.crt'])
})

test('a controller that a quota stops says so, and takes it back when it fits', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'two' },
    spec: { hard: { pods: '2' } },
  })
  await cluster.settle()
  await cluster.apply(workload('ReplicationController', 'web', { spec: { replicas: 3 } }))
  await cluster.settle()
  const failure = async (): Promise<unknown> => {
    const { status } = await client.get(resources.replicationControllers, 'web', place)
    return status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
  }
  const failed = (await failure()) as { readonly reason?: string; readonly message?: string } | undefined
  assert.equal(failed?.reason, 'FailedCreate')
  assert.match(failed?.message ?? '', /exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2/)
  await client.patch(resources.replicationControllers, 'web', { spec: { replicas: 2 } }, { ...place, type: 'merge' })
  await cluster.settle()
  assert.equal(await failure(), undefined)
})
