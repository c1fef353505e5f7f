/** Writes that change nothing: nothing is stored, and the times of managed fields stay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, deployments, statefulSets } from '#clients/kubernetes/resources.table.ts'
import type { JsonObject, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createClock } from '#world/real/clock.ts'
import { serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }
const labels = { app: 'x' }
const pod = {
  containers: [{ name: 'c', image: 'i', resources: { limits: { memory: '2048Mi' } }, ports: [{ containerPort: 80 }] }],
}
const storage = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const rows = [
  [
    'a map that is given and empty',
    deployments,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a', labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { annotations: {}, labels }, spec: pod },
      },
    },
  ],
  [
    'metadata that is given and null',
    configMaps,
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', creationTimestamp: null, resourceVersion: null },
      data: { key: 'value' },
    },
  ],
  [
    'a list that is owned as a whole and defaulted inside',
    statefulSets,
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'a', labels },
      spec: {
        serviceName: 'x',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: pod },
        volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: storage }],
      },
    },
  ],
] as const

test('a configuration that is applied again, or put again, changes nothing', async () => {
  const real = createClock()
  let aheadMs = 0
  await using served = await serveApi({ deps: { clock: { ...real, now: () => real.now() + aheadMs } } })
  /** The clock of the server moves on by more than the second in which managed fields count. */
  const later = (): void => {
    aheadMs += 1100
  }
  const { admin } = served
  for (const [what, resource, object] of rows) {
    const wanted = object as unknown as JsonObject
    const apply = async (): Promise<KubernetesObject> =>
      admin.patch(resource as never, 'a', wanted, { ...place, type: 'apply', fieldManager: 'm', force: true })
    const first = await apply()
    later()
    assert.deepEqual(await apply(), first, `applied: ${what}`)
    const put = { ...wanted, metadata: { ...(wanted['metadata'] as object), ...place } } as unknown as KubernetesObject
    const options = { ...place, fieldManager: 'put' }
    const second = await admin.update(resource as never, put, options)
    later()
    assert.deepEqual(await admin.update(resource as never, put, options), second, `put: ${what}`)
  }
})

test('a configuration with a uid is for an object that is there', async () => {
  await using served = await serveApi()
  const wanted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'u' } }
  await assert.rejects(served.admin.patch(configMaps, 'a', wanted, { ...place, type: 'apply', fieldManager: 'm' }), {
    message:
      'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid u, and no existing object was found',
  })
})
