import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import { serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }

test('an object that its managed fields make too large is kept without them, and cannot be applied', async () => {
  await using served = await serveApi()
  const { admin } = served
  const long = 'a-key-that-is-long-so-that-the-set-of-fields-becomes-as-large-as-the-object'
  const keys = Array.from({ length: 9999 }, (_, index) => [`${long}-${index}`, 'A'])
  const object = { metadata: { name: 'large', ...place }, data: Object.fromEntries(keys) } as never
  const made = await admin.create(configMaps, object, { ...place, fieldManager: 'm' })
  assert.equal(made.metadata.managedFields, undefined)
  const wanted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large' } }
  const applied = admin.patch(configMaps, 'large', wanted, { ...place, type: 'apply', fieldManager: 'm' })
  await assert.rejects(applied, (error) => statusOf(error)?.code === 413)
})
