/** Tokens that kubelets ask for: for pods of their own, for audiences that the pods need. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInResource } from '#clients/kubernetes/api-resource.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { serveApi } from '../../served-api.contract.ts'

const inDefault = { namespace: 'default' }
const pods = builtInResource('v1', 'pods')
const accounts = builtInResource('v1', 'serviceaccounts')

function podObject(name: string, nodeName: string, volumes: readonly object[] = []): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...inDefault },
    spec: { nodeName, serviceAccountName: 'robot', containers: [{ name: 'c', image: 'x' }], volumes },
  } as unknown as KubernetesObject
}

test('a node gets tokens for its pods and the audiences that they need', async () => {
  await using served = await serveApi({ config: { disableAdmission: ['ServiceAccount'] } })
  const { admin } = served
  const kubelet = served.api.clientFor({ name: 'system:node:n1', groups: ['system:nodes'] })
  await admin.create(
    accounts,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', ...inDefault } } as KubernetesObject,
    inDefault,
  )
  await admin.create(builtInResource('storage.k8s.io/v1', 'csidrivers'), {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: 'd.example.com' },
    spec: { tokenRequests: [{ audience: 'disk' }] },
  } as unknown as KubernetesObject)
  const projected = { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] }
  const volumes = [
    { name: 'a', projected },
    { name: 'b', csi: { driver: 'd.example.com' } },
  ]
  const own = await admin.create(pods, podObject('own', 'n1', volumes), inDefault)
  const far = await admin.create(pods, podObject('far', 'n2'), inDefault)
  const ask = async (bound: object | undefined, audiences: readonly string[] = ['vault']): Promise<string> => {
    const spec = { audiences, ...(bound === undefined ? {} : { boundObjectRef: bound }) }
    const wanted = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec }
    try {
      await kubelet.createSubresource(accounts, 'robot', { subresource: 'token', body: wanted, ...inDefault })
      return 'allowed'
    } catch (error) {
      return (error as Error).message.replace(/^.* is forbidden: /, '')
    }
  }
  const ref = (pod: KubernetesObject): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name: pod.metadata.name,
    uid: pod.metadata.uid,
  })
  assert.equal(await ask(ref(own)), 'allowed')
  assert.equal(await ask(ref(own), ['disk']), 'allowed')
  assert.equal(
    await ask(ref(own), ['bank']),
    'audience "bank" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience',
  )
  assert.equal(await ask(ref(own), ['vault', 'disk']), 'node may only request 0 or 1 audiences')
  assert.equal(await ask(undefined), 'node requested token not bound to a pod')
  assert.equal(await ask({ ...ref(own), uid: '' }), 'node requested token with a pod binding without a uid')
  assert.equal(await ask(ref(far)), 'node requested token bound to a pod scheduled on a different node')
  assert.equal(await ask({ ...ref(own), name: 'none' }), 'pods "none" not found')
  assert.equal(
    await ask({ ...ref(own), uid: 'other' }),
    'the UID in the bound object reference (other) does not match the UID in record. The object might have been deleted and then recreated',
  )
})
