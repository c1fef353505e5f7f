import assert from 'node:assert/strict'
import test from 'node:test'
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createCluster } from './cluster.ts'

type Named = KubernetesObject & { readonly metadata: { readonly name: string } }
type Row = readonly [resource: ApiResource<Named>, object: object, namespace?: string]

const storage = { apiVersion: 'storage.k8s.io/v1' }
const row = (resource: unknown, object: object, namespace?: string): Row => [
  resource as ApiResource<Named>,
  object,
  ...((namespace === undefined ? [] : [namespace]) as [string?]),
]
const rows: readonly Row[] = [
  row(resources.storageClasses, { ...storage, kind: 'StorageClass', provisioner: 'e2e.example.com' }),
  row(resources.csiDrivers, { ...storage, kind: 'CSIDriver', spec: { attachRequired: false } }),
  row(resources.csiNodes, { ...storage, kind: 'CSINode', spec: { drivers: [] } }),
  row(
    resources.csiStorageCapacities,
    { ...storage, kind: 'CSIStorageCapacity', storageClassName: 'x', capacity: '1Gi' },
    'default',
  ),
  row(resources.volumeAttachments, {
    ...storage,
    kind: 'VolumeAttachment',
    spec: { attacher: 'e2e.example.com', nodeName: 'n', source: { persistentVolumeName: 'v' } },
  }),
  row(resources.volumeAttributesClasses, {
    ...storage,
    kind: 'VolumeAttributesClass',
    driverName: 'e2e.example.com',
    parameters: { iops: '1' },
  }),
  row(resources.persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'e2e.example.com', volumeHandle: 'h' },
    },
  }),
  row(
    resources.persistentVolumeClaims,
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'x', resources: { requests: { storage: '1Gi' } } },
    },
    'default',
  ),
]

test('storage objects of every kind live their lives: made, read, changed, found by label, deleted in a collection', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  for (const [resource, object, namespace] of rows) {
    const place = namespace === undefined ? {} : { namespace }
    const name = `e2e-${resource.resource}`
    const labels = { suite: name }
    const wanted = { ...(object as Named), metadata: { name, labels, ...place } }
    const made = await client.create(resource, wanted, place)
    const merge = { ...place, type: 'strategic' } as const
    const patched = await client.patch(resource, name, { metadata: { labels: { patched: 'yes' } } }, merge)
    assert.equal(patched.metadata.labels?.['patched'], 'yes', name)
    assert.ok(Number(patched.metadata.resourceVersion) > Number(made.metadata.resourceVersion), name)
    await cluster.settle()
    const known = await client.get(resource, name, place)
    assert.equal(known.metadata.uid, made.metadata.uid, name)
    const metadata = { ...known.metadata, labels: { ...known.metadata.labels, updated: 'yes' } }
    await client.update(resource, { ...known, metadata }, place)
    const found = await client.list(resource, { labelSelector: 'updated=yes' })
    assert.deepEqual(
      found.items.map((one) => one.metadata.name),
      [name],
    )
    await client.deleteCollection(resource, { ...place, labelSelector: `suite=${name}` })
    await cluster.settle()
    assert.equal((await client.list(resource, place)).items.length, 0, `${name} is gone`)
  }
})

test('statuses that somebody else writes on volumes, claims and attachments hold while they are bound', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const place = { namespace: 'default' }
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'manual' }
  const csi = { driver: 'e2e.example.com', volumeHandle: 'h' }
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'v' },
      spec: { ...spec, capacity: { storage: '1Gi' }, csi },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c' },
      spec: { ...spec, resources: { requests: { storage: '1Gi' } } },
    },
  ])
  const condition = (type: string): object => ({ type, status: 'True', reason: 'E2E', message: 'set from outside' })
  const merge = { type: 'merge', subresource: 'status' } as const
  const patch = { status: { conditions: [condition('StatusPatched')] } }
  await client.patch(resources.persistentVolumeClaims, 'c', patch, { ...place, ...merge })
  await client.patch(resources.persistentVolumes, 'v', { status: { message: 'patched', reason: 'E2E' } }, merge)
  await cluster.settle()
  const claim = await client.get(resources.persistentVolumeClaims, 'c', place)
  const conditions = [...(claim.status?.conditions ?? []), condition('StatusUpdated')]
  await client.updateStatus(resources.persistentVolumeClaims, {
    ...claim,
    status: { ...claim.status, conditions },
  } as typeof claim)
  await cluster.settle()
  const after = (await client.get(resources.persistentVolumeClaims, 'c', place)).status
  assert.deepEqual(
    [after?.phase, after?.conditions?.map(({ type }) => type)],
    ['Bound', ['StatusPatched', 'StatusUpdated']],
  )
  const volume = (await client.get(resources.persistentVolumes, 'v')).status
  assert.deepEqual([volume?.phase, volume?.reason], ['Bound', 'E2E'])
  const attachment = await client.create(resources.volumeAttachments, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: 'by-hand' },
    spec: { attacher: csi.driver, nodeName: 'sim-0', source: { persistentVolumeName: 'v' } },
  })
  assert.equal(attachment.status?.attached, false)
  await client.patch(resources.volumeAttachments, 'by-hand', { status: { attached: true } }, merge)
  await cluster.settle()
  assert.equal((await client.get(resources.volumeAttachments, 'by-hand')).status?.attached, true)
})
