import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, pods, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import { serveApi, type ServedApi } from '../served-api.contract.ts'

/** Types of the events after a version, with what they tell of the deletion. */
async function eventsSince({ call }: ServedApi, path: string, version: string): Promise<readonly unknown[]> {
  const query = `watch=true&timeoutSeconds=1&resourceVersion=${version}`
  const reply = await call(`/api/v1/namespaces/default/${path}?${query}`, { token: 'admin-token' })
  const lines = new TextDecoder().decode(await reply.bytes(1 << 20)).trim()
  return lines.split('\n').map((line) => {
    const { type, object } = JSON.parse(line) as { type: string; object: { metadata: Record<string, unknown> } }
    const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata
    return [type, deletionTimestamp !== undefined, deletionGracePeriodSeconds]
  })
}

test('watchers see a pod without grace end before it is gone, and other objects just go', async () => {
  await using served = await serveApi()
  const { admin } = served
  const place = { namespace: 'default' }
  await admin.create(serviceAccounts, { metadata: { name: 'default', ...place } } as never)
  const pod = await admin.create(pods, {
    metadata: { name: 'p', ...place },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  } as never)
  await admin.delete(pods, 'p', { ...place, gracePeriodSeconds: 1 } as never)
  assert.deepEqual(await eventsSince(served, 'pods', pod.metadata.resourceVersion ?? ''), [
    ['MODIFIED', true, 0],
    ['DELETED', true, 0],
  ])
  const map = await admin.create(configMaps, { metadata: { name: 'm', ...place } } as never)
  await admin.delete(configMaps, 'm', place)
  assert.deepEqual(await eventsSince(served, 'configmaps', map.metadata.resourceVersion ?? ''), [
    ['DELETED', false, undefined],
  ])
})
