import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterRoles, roleBindings, roles } from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }
const group = 'rbac.authorization.k8s.io'
const text = (error: Error): string => error.message

function binding(name: string, [kind, role]: readonly [string, string], user: string): never {
  return {
    metadata: { name, ...place },
    roleRef: { apiGroup: group, kind, name: role },
    subjects: [{ apiGroup: group, kind: 'User', name: user }],
  } as never
}

test('nobody grants what he does not have, nor a role that is not there', async () => {
  await using served = await serveApi()
  const { admin, api } = served
  await admin.create(roleBindings, binding('adm', ['ClusterRole', 'admin'], 'adm'), place)
  const client = api.clientFor({ name: 'adm', groups: ['g'] })
  const missing = await client.create(roleBindings, binding('x', ['Role', 'nope'], 'z'), place).catch(text)
  assert.equal(missing, 'rolebindings.rbac.authorization.k8s.io "nope" not found')
  const rules = [{ apiGroups: [''], resources: ['users', 'nodes'], verbs: ['get', 'impersonate'] }]
  assert.equal(
    await client.create(roles, { metadata: { name: 'r', ...place }, rules } as never, place).catch(text),
    [
      'roles.rbac.authorization.k8s.io "r" is forbidden: user "adm" (groups=["g" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
      '{APIGroups:[""], Resources:["nodes"], Verbs:["get" "impersonate"]}',
      '{APIGroups:[""], Resources:["users"], Verbs:["get" "impersonate"]}',
    ].join('\n'),
  )
  // What is not valid either is refused for what it grants.
  const unfit = { metadata: { name: 'u', ...place }, rules: [{ nonResourceURLs: ['/x'], verbs: ['get'] }] } as never
  assert.match(
    `${await client.create(roles, unfit, place).then(() => '', text)}`,
    /\{NonResourceURLs:\["\/x"\], Verbs:\["get"\]\}$/,
  )
  await client.create(roleBindings, binding('ok', ['ClusterRole', 'view'], 'z'), place)
})

test('administrators of the cluster bind what is not there yet', async () => {
  await using served = await serveApi()
  await served.admin.create(roleBindings, binding('later', ['Role', 'later'], 'z'), place)
  await served.admin.create(clusterRoles, {
    metadata: { name: 'all' },
    rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  } as never)
})
