/** Who owns the fields of the objects that every cluster starts with: those who own them upstream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiResource } from '#clients/kubernetes/api-resource.ts'
import {
  apiServices,
  clusterRoles,
  flowSchemas,
  priorityLevelConfigurations,
} from '#clients/kubernetes/resources.table.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { serveApi } from '../served-api.contract.ts'

const producer = 'api-priority-and-fairness-config-producer-v1 Update metadata,spec'
const consumer = 'api-priority-and-fairness-config-consumer-v1 Apply status'
const rows: readonly (readonly [resource: unknown, name: string, owners: readonly string[]])[] = [
  [clusterRoles, 'cluster-admin', ['kube-apiserver Update metadata,rules']],
  [
    clusterRoles,
    'view',
    ['clusterrole-aggregation-controller Apply rules', 'kube-apiserver Update aggregationRule,metadata'],
  ],
  [flowSchemas, 'exempt', [consumer, producer]],
  [priorityLevelConfigurations, 'workload-low', [producer]],
  [apiServices, 'v1.apps', ['kube-apiserver Update metadata,spec']],
]

test('objects of the start belong to whom they belong upstream', async () => {
  await using served = await serveApi()
  for (const [resource, name, owners] of rows) {
    const { metadata } = await served.admin.get(resource as ApiResource<KubernetesObject>, name)
    const found = (metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => {
      const members = Object.keys(fieldsV1 ?? {}).map((member) => member.replace('f:', ''))
      return `${manager} ${operation} ${members.join(',')}`
    })
    assert.deepEqual(found.toSorted(), owners, name)
  }
})

test('what the objects of the start say is there', async () => {
  await using served = await serveApi()
  assert.notEqual((await served.admin.get(clusterRoles, 'admin')).rules?.length ?? 0, 0)
  const { status } = await served.admin.get(flowSchemas, 'exempt')
  assert.deepEqual(
    status?.conditions?.map(({ type, reason }) => [type, reason]),
    [['Dangling', 'Found']],
  )
  const available = (await served.admin.get(apiServices, 'v1.apps')).status?.conditions
  assert.deepEqual(
    available?.map(({ type, reason }) => [type, reason]),
    [['Available', 'Local']],
  )
})
