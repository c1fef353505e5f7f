import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import { dedupOwners } from './dedup-owners.ts'
import type { ApiObject } from '../api-object.ts'
import { serveApi } from '../served-api.contract.ts'

const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' }
const warning = (where: string): string =>
  `.metadata.ownerReferences contains duplicate entries${where}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u`

test('an owner that is named twice is kept once, and the client is told', async () => {
  await using served = await serveApi()
  const body = { metadata: { name: 'a', ownerReferences: [owner, { ...owner, controller: true }, owner] } }
  const reply = await served.call('/api/v1/namespaces/default/configmaps', {
    method: 'POST',
    token: 'admin-token',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...body }),
  })
  assert.equal(reply.header('warning'), `299 - "${warning('')}"`)
  await reply.discard()
  const { metadata } = await served.admin.get(configMaps, 'a', { namespace: 'default' })
  assert.deepEqual(metadata.ownerReferences, [owner, { ...owner, controller: true }])
})

test('admission is blamed for what it doubled', () => {
  const warnings: string[] = []
  const object = { metadata: { name: 'a', ownerReferences: [owner, owner] } } as unknown as ApiObject
  assert.deepEqual(dedupOwners({ warnings } as never, object, true).metadata.ownerReferences, [owner])
  assert.deepEqual(warnings, [warning(' after mutating admission happens')])
})
