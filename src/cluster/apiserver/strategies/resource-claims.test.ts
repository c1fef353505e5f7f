import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  namespaces,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
  clusterRoleBindings,
  clusterRoles,
} from '#clients/kubernetes/resources.table.ts'
import type { ApiObject } from '../api-object.ts'
import { serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }
const rbac = 'rbac.authorization.k8s.io'
const claim = (name: string, exactly: object = {}): never =>
  ({
    metadata: { name, ...place },
    spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', ...exactly } }] } },
  }) as never
const allocation = { devices: { results: [{ request: 'r', driver: 'd', pool: 'p', device: 'a' }] } }
const report = { driver: 'd', pool: 'p', device: 'a', data: { speed: 1 } }

async function text(made: Promise<unknown>): Promise<string> {
  return made.then(
    () => 'done',
    (error: Error) => error.message,
  )
}

test('administrators’ access to devices is asked for in namespaces that allow it only', async () => {
  await using served = await serveApi()
  const { admin } = served
  const why =
    'ResourceClaim.resource.k8s.io "c" is invalid: spec.devices.requests[0].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace'
  assert.equal(await text(admin.create(resourceClaims, claim('c', { adminAccess: true }))), why)
  const template = {
    metadata: { name: 'c', ...place },
    spec: { spec: (claim('c', { adminAccess: true }) as ApiObject)['spec'] },
  }
  const makeTemplate = (): Promise<string> => text(admin.create(resourceClaimTemplates, template as never))
  assert.equal(await makeTemplate(), why.replace('ResourceClaim', 'ResourceClaimTemplate'))
  const labels = { 'resource.kubernetes.io/admin-access': 'true' }
  await admin.patch(namespaces, 'default', { metadata: { labels } }, { type: 'merge' })
  assert.equal(await text(admin.create(resourceClaims, claim('c', { adminAccess: true }))), 'done')
  assert.equal(await makeTemplate(), 'done')
})

test('allocations and reports of devices need rights of their own, and reports go with the allocation', async () => {
  await using served = await serveApi()
  const { admin, api } = served
  const jane = api.clientFor({ name: 'jane', groups: ['system:authenticated'] })
  const role = async (name: string, rule: object): Promise<void> => {
    await admin.create(clusterRoles, {
      metadata: { name },
      rules: [{ apiGroups: ['resource.k8s.io'], ...rule }],
    } as never)
    const subjects = [{ kind: 'User', name: 'jane', apiGroup: rbac }]
    const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name }
    await admin.create(clusterRoleBindings, { metadata: { name }, roleRef, subjects } as never)
  }
  await role('writer', { resources: ['resourceclaims', 'resourceclaims/status'], verbs: ['*'] })
  await admin.create(resourceClaims, claim('c'))
  const patch = async (status: object): Promise<string> =>
    text(jane.patch(resourceClaims, 'c', { status } as never, { ...place, type: 'merge', subresource: 'status' }))
  const refused = (what: string, verb: string, why: string): string =>
    `ResourceClaim.resource.k8s.io "c" is invalid: ${what}, verb="${verb}" permission: ${why}`
  const binding =
    'status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding"'
  const driver = 'status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver"'
  assert.equal(
    await patch({ allocation }),
    refused(
      binding,
      'patch',
      'resourceclaims.resource.k8s.io is forbidden: User "jane" cannot patch resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope',
    ),
  )
  await role('binder', { resources: ['resourceclaims/binding'], verbs: ['patch'] })
  assert.equal(await patch({ allocation }), 'done')
  assert.equal(
    await patch({ devices: [report] }),
    refused(
      driver,
      '[arbitrary-node:patch]',
      'resourceclaims.resource.k8s.io "d" is forbidden: User "jane" cannot arbitrary-node:patch resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "default"',
    ),
  )
  await role('driver', { resources: ['resourceclaims/driver'], resourceNames: ['d'], verbs: ['arbitrary-node:patch'] })
  assert.equal(await patch({ devices: [report] }), 'done')
  assert.equal(await patch({ allocation: null }), 'done')
  const left = (await admin.get(resourceClaims, 'c', place)) as unknown as ApiObject
  assert.deepEqual(left['status'], {})
})

test('members of slices that are off in this release are dropped, and capitals in drivers’ names are warned of', async () => {
  await using served = await serveApi()
  const spec = {
    driver: 'Driver',
    pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    allNodes: true,
    devices: [{ name: 'a', attributes: { many: { ints: [1], int: 1 } }, nodeAllocatableResourceMappings: { cpu: {} } }],
  }
  const reply = await served.call('/apis/resource.k8s.io/v1/resourceslices', {
    method: 'POST',
    token: 'admin-token',
    json: { kind: 'ResourceSlice', apiVersion: 'resource.k8s.io/v1', metadata: { name: 's' }, spec },
  })
  assert.equal(reply.status, 201)
  assert.match(reply.header('warning') ?? '', /driver names should be lowercase; \\"Driver\\" contains uppercase/)
  await reply.discard()
  const made = (await served.admin.get(resourceSlices, 's')) as unknown as { readonly spec: typeof spec }
  assert.deepEqual(made.spec.devices, [{ name: 'a', attributes: { many: { int: 1 } } }])
})
