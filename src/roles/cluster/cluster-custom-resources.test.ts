/** Custom resources in a simulated cluster: all components see them, in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiResource } from '#clients/kubernetes/api-resource.ts'
import { configMaps, customResourceDefinitions, namespaces } from '#clients/kubernetes/resources.table.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createCluster } from './cluster.ts'

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boxes.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: boxes, kind: Box}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, default: 3}}}
`
const box = (name: string, namespace: string): string => `
apiVersion: example.com/v1
kind: Box
metadata: {name: ${name}, namespace: ${namespace}}
spec: {}
`
const boxes: ApiResource<KubernetesObject> = {
  group: 'example.com',
  version: 'v1',
  resource: 'boxes',
  kind: 'Box',
  namespaced: true,
}

test('custom resources own, are owned and go with their namespace and their definition', async () => {
  await using cluster = await createCluster({ nodes: 1 })
  const { client } = cluster
  await cluster.apply(definition)
  await cluster.settle()
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } } as never)
  const [owner] = await cluster.apply(box('owner', 'default'))
  await cluster.apply(box('other', 'team'))
  assert.deepEqual(owner?.spec, { size: 3 })
  const owned = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'owned',
      namespace: 'default',
      ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Box', name: 'owner', uid: owner?.metadata.uid }],
    },
  }
  await client.create(configMaps, owned as never)
  await cluster.settle()
  await client.delete(boxes, 'owner', { namespace: 'default' })
  await client.delete(namespaces, 'team')
  await cluster.settle()
  const names = (await client.list(configMaps, { namespace: 'default' })).items.map(({ metadata }) => metadata.name)
  assert.equal(names.includes('owned'), false)
  assert.deepEqual(
    (await client.list(namespaces)).items.filter(({ metadata }) => metadata.name === 'team'),
    [],
  )
  assert.deepEqual((await client.list(boxes)).items, [])
  await cluster.apply(box('last', 'default'))
  await client.delete(customResourceDefinitions, 'boxes.example.com')
  await cluster.settle()
  assert.deepEqual((await client.list(customResourceDefinitions)).items, [])
})

test('a cluster that starts from another one serves what was defined there', async () => {
  await using cluster = await createCluster({ nodes: 0 })
  await cluster.apply(definition)
  await cluster.settle()
  await cluster.apply(box('kept', 'default'))
  await using fork = await cluster.fork()
  assert.deepEqual(
    (await fork.client.list(boxes)).items.map(({ metadata }) => metadata.name),
    ['kept'],
  )
})
