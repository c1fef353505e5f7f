/** Writes under other names that make an object: an apply, a PUT where nothing is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterRoleBindings, clusterRoles, configMaps, leases } from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

test('an object is made by an apply or an update only for those who may create it', async () => {
  await using served = await serveApi()
  const { admin, api } = served
  const jane = api.clientFor({ name: 'jane', groups: [] })
  const grant = async (name: string, verbs: readonly string[]): Promise<void> => {
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], verbs },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs },
    ]
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }
    const subjects = [{ kind: 'User', name: 'jane' }]
    await admin.create(clusterRoles, { metadata: { name }, rules } as never)
    await admin.create(clusterRoleBindings, { metadata: { name }, roleRef, subjects } as never)
  }
  const place = { namespace: 'default' }
  const apply = (): Promise<unknown> => {
    const wanted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }
    return jane.patch(configMaps, 'a', wanted, { ...place, type: 'apply', fieldManager: 'm' })
  }
  const put = (): Promise<unknown> => {
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l', ...place }, spec: {} }
    return jane.update(leases, lease as never, place)
  }
  await grant('changes', ['patch', 'update'])
  await assert.rejects(apply(), { message: 'configmaps "a" is forbidden: ' })
  await assert.rejects(put(), { message: 'leases.coordination.k8s.io "l" is forbidden: ' })
  await grant('creates', ['create'])
  await apply()
  await put()
})
