import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pods, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

test('a refusal mentions a name that is still to be made by what it will begin with', async () => {
  await using served = await serveApi()
  await served.admin.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } } as never)
  const pod = (metadata: object): never =>
    ({
      metadata: { namespace: 'default', ...metadata },
      spec: { priority: 10, containers: [{ name: 'c', image: 'i' }] },
    }) as never
  await assert.rejects(served.admin.create(pods, pod({ generateName: 'web-' })), /^.*pods "web-" is forbidden/)
  await assert.rejects(served.admin.create(pods, pod({ name: 'web' })), /^.*pods "web" is forbidden/)
})
