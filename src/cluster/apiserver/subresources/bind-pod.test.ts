import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pods, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }
const binding = (metadata: object, node = 'n'): object => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name: 'p', ...metadata },
  target: { kind: 'Node', name: node },
})

async function makePod(admin: KubeClient): Promise<Pod> {
  await admin.create(serviceAccounts, { metadata: { name: 'default', ...place } } as never)
  const spec = { containers: [{ name: 'c', image: 'i' }] }
  return admin.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', ...place }, spec })
}

test('a binding sets the node and is nobody’s change: managers, generation and the order of fields stay', async () => {
  await using served = await serveApi()
  const { admin } = served
  const made = await makePod(admin)
  const bind = (body: object): Promise<object> =>
    admin.createSubresource(pods, 'p', { ...place, subresource: 'binding', body })
  await bind(binding({ annotations: { by: 'hand' }, labels: { at: 'n' } }))
  const bound = await admin.get(pods, 'p', place)
  assert.equal(bound.spec.nodeName, 'n')
  assert.deepEqual([bound.metadata.annotations, bound.metadata.labels], [{ by: 'hand' }, { at: 'n' }])
  assert.deepEqual(bound.metadata.managedFields, made.metadata.managedFields)
  assert.equal(bound.metadata.generation, made.metadata.generation)
  assert.deepEqual(
    bound.status?.conditions?.map(({ type, status }) => [type, status]),
    [['PodScheduled', 'True']],
  )
  const keys = [...Object.keys(bound.spec), ...Object.keys(bound.status ?? {})]
  const inOrder = ['containers', 'nodeName', 'securityContext', 'phase', 'conditions', 'qosClass']
  assert.deepEqual(
    keys.filter((key) => inOrder.includes(key)),
    inOrder,
  )
  await assert.rejects(bind(binding({}, 'other')), /pod p is already assigned to node "n"/)
  await assert.rejects(bind(binding({ uid: 'other' })), /Precondition failed: UID in precondition: other/)
})

test('a dry run of a binding binds nothing, and one of a pod that is not there is refused', async () => {
  await using served = await serveApi()
  const { admin } = served
  await makePod(admin)
  const reply = await served.call('/api/v1/namespaces/default/pods/p/binding?dryRun=All', {
    method: 'POST',
    token: 'admin-token',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(binding({})),
  })
  assert.equal(reply.status, 201, await reply.text())
  assert.equal((await admin.get(pods, 'p', place)).spec.nodeName, undefined)
  const missing = { ...place, subresource: 'binding', body: binding({ name: 'q' }) }
  await assert.rejects(admin.createSubresource(pods, 'q', missing), /pods "q" not found/)
})
