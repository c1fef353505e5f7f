import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namespaces } from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

test('a namespace is told to end, without a grace, and is gone when its finalizers are', async () => {
  await using served = await serveApi()
  const { admin } = served
  await admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' }, spec: {} })
  await admin.delete(namespaces, 'n')
  const going = await admin.get(namespaces, 'n')
  assert.equal(going.status?.phase, 'Terminating')
  assert.notEqual(going.metadata.deletionTimestamp, undefined)
  assert.equal(going.metadata.deletionGracePeriodSeconds, undefined)
  await admin.delete(namespaces, 'n')
  assert.equal((await admin.get(namespaces, 'n')).metadata.resourceVersion, going.metadata.resourceVersion)
  const body = { ...going, apiVersion: 'v1', kind: 'Namespace', spec: { finalizers: [] } }
  await admin.updateSubresource(namespaces, 'n', { subresource: 'finalize', body })
  await assert.rejects(admin.get(namespaces, 'n'), { kind: 'not-found' })
})
