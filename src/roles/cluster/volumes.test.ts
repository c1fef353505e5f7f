import assert from 'node:assert/strict'
import test from 'node:test'
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Cluster, createCluster } from './cluster.ts'

const place = { namespace: 'default' }

const storageClass = (name: string, more: object = {}): object => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: 'gantry.dev/host-path',
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
})

const claimSpec = (more: object = {}): object => ({
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  ...more,
})

const claim = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: claimSpec(more),
})

const volume = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage: '5Gi' },
    accessModes: ['ReadWriteOnce'],
    ...('local' in more || 'csi' in more ? {} : { hostPath: { path: '/data' } }),
    storageClassName: 'manual',
    ...more,
  },
})

const pod = (name: string, source: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'img' }], volumes: [{ name: 'data', ...source }] },
})

const claimNamed = (cluster: Cluster, name: string): Promise<PersistentVolumeClaim> =>
  cluster.client.get(resources.persistentVolumeClaims, name, place)
const volumesOf = async (cluster: Cluster): Promise<readonly PersistentVolume[]> =>
  (await cluster.client.list(resources.persistentVolumes)).items
const reasonsOf = async (cluster: Cluster, name: string): Promise<string[]> =>
  (await cluster.client.list(resources.events, place)).items
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason = '' }) => reason)

test('a stateful set with claims ends Running, each pod beside its own volume', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  await cluster.apply([
    storageClass('local'),
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        serviceName: 'db',
        replicas: 3,
        selector: { matchLabels: { app: 'db' } },
        template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image: 'img' }] } },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec({ storageClassName: 'local' }) }],
      },
    },
  ])
  await cluster.settle()
  const { items } = await cluster.client.list(resources.pods, place)
  assert.deepEqual(
    items.map(({ metadata, status }) => [metadata.name, status?.phase]),
    [
      ['db-0', 'Running'],
      ['db-1', 'Running'],
      ['db-2', 'Running'],
    ],
  )
  for (const { metadata, spec } of items) {
    const { spec: claimed, status } = await claimNamed(cluster, `data-${metadata.name}`)
    assert.deepEqual([status?.phase, status?.capacity], ['Bound', { storage: '1Gi' }])
    const { spec: of, status: is } = await cluster.client.get(resources.persistentVolumes, claimed.volumeName ?? '')
    assert.equal(is?.phase, 'Bound')
    const [term] = of.nodeAffinity?.required?.nodeSelectorTerms ?? []
    assert.deepEqual(term?.matchExpressions?.[0]?.values, [spec.nodeName])
  }
  const reasons = await reasonsOf(cluster, 'data-db-0')
  assert.deepEqual(reasons.slice(-3), ['ExternalProvisioning', 'Provisioning', 'ProvisioningSucceeded'])
  assert.ok(reasons.includes('WaitForPodScheduled'))
})

test('a claim of an immediate class is bound before any pod, grows, and takes its volume with it', async () => {
  await using cluster = await createCluster()
  await cluster.apply([
    storageClass('now', { volumeBindingMode: 'Immediate', allowVolumeExpansion: true }),
    claim('c', { storageClassName: 'now' }),
  ])
  await cluster.settle()
  assert.equal((await claimNamed(cluster, 'c')).status?.phase, 'Bound')
  await cluster.apply(claim('c', { storageClassName: 'now', resources: { requests: { storage: '3Gi' } } }))
  await cluster.settle()
  assert.deepEqual((await claimNamed(cluster, 'c')).status?.capacity, { storage: '3Gi' })
  const events = await reasonsOf(cluster, 'c')
  for (const reason of ['ExternalExpanding', 'Resizing', 'VolumeResizeSuccessful'])
    assert.ok(events.includes(reason), String(events))
  assert.deepEqual((await volumesOf(cluster))[0]?.spec.capacity, { storage: '3Gi' })
  await cluster.client.delete(resources.persistentVolumeClaims, 'c', place)
  await cluster.settle()
  assert.deepEqual(await volumesOf(cluster), [])
})

test('a volume made by hand is bound, released and kept; its next claim must be let in by hand', async () => {
  await using cluster = await createCluster()
  await cluster.apply([volume('v'), claim('c', { storageClassName: 'manual' })])
  await cluster.settle()
  const [bound] = await volumesOf(cluster)
  assert.equal(bound?.status?.phase, 'Bound')
  assert.deepEqual((await claimNamed(cluster, 'c')).status?.capacity, { storage: '5Gi' })
  const since = bound.status.lastPhaseTransitionTime
  await cluster.client.delete(resources.persistentVolumes, 'v')
  await cluster.time.advance('1 minute')
  assert.equal((await volumesOf(cluster)).length, 1, 'a bound volume stays until its claim is gone')
  await cluster.client.delete(resources.persistentVolumeClaims, 'c', place)
  await cluster.settle()
  assert.deepEqual(await volumesOf(cluster), [])
  await cluster.apply([volume('w'), claim('d', { storageClassName: 'manual' })])
  await cluster.settle()
  await cluster.client.delete(resources.persistentVolumeClaims, 'd', place)
  await cluster.settle()
  const [released] = await volumesOf(cluster)
  assert.equal(released?.status?.phase, 'Released')
  assert.notEqual(released.status.lastPhaseTransitionTime, since)
  await cluster.apply(claim('e', { storageClassName: 'manual' }))
  await cluster.settle()
  assert.equal((await claimNamed(cluster, 'e')).status?.phase, 'Pending')
  await cluster.client.patch(resources.persistentVolumes, 'w', { spec: { claimRef: null } }, { type: 'merge' })
  await cluster.settle()
  assert.equal((await claimNamed(cluster, 'e')).spec.volumeName, 'w')
})

test('a claim without a class gets the default one when there is one, also later', async () => {
  await using cluster = await createCluster()
  await cluster.apply(claim('early'))
  await cluster.settle()
  assert.deepEqual(await reasonsOf(cluster, 'early'), ['FailedBinding'])
  const isDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  await cluster.apply(
    storageClass('std', { metadata: { name: 'std', annotations: isDefault }, volumeBindingMode: 'Immediate' }),
  )
  await cluster.settle()
  const { spec, status } = await claimNamed(cluster, 'early')
  assert.deepEqual([spec.storageClassName, status?.phase], ['std', 'Bound'])
})

test('a volume that waits for its pod is chosen where the pod can run', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  const on = (node: string): object => ({
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }],
    },
  })
  const local = (node: string): object => ({
    local: { path: '/mnt' },
    storageClassName: 'late',
    nodeAffinity: on(node),
  })
  await cluster.apply([
    storageClass('late', { provisioner: 'kubernetes.io/no-provisioner' }),
    volume('on-0', local('sim-0')),
    volume('on-1', local('sim-1')),
    claim('c', { storageClassName: 'late' }),
  ])
  await cluster.settle()
  assert.equal((await claimNamed(cluster, 'c')).status?.phase, 'Pending')
  const wanted = pod('p', { persistentVolumeClaim: { claimName: 'c' } }) as { readonly spec: object }
  await cluster.apply({ ...wanted, spec: { ...wanted.spec, nodeSelector: { 'kubernetes.io/hostname': 'sim-1' } } })
  await cluster.settle()
  assert.equal((await claimNamed(cluster, 'c')).spec.volumeName, 'on-1')
  assert.equal((await cluster.client.get(resources.pods, 'p', place)).status?.phase, 'Running')
})

test('an ephemeral volume gets a claim of its own that goes with the pod', async () => {
  await using cluster = await createCluster()
  const template = { metadata: { labels: { of: 'p' } }, spec: claimSpec({ storageClassName: 'local' }) }
  await cluster.apply([storageClass('local'), pod('p', { ephemeral: { volumeClaimTemplate: template } })])
  await cluster.settle()
  const made = await claimNamed(cluster, 'p-data')
  assert.deepEqual([made.status?.phase, made.metadata.labels], ['Bound', { of: 'p' }])
  assert.equal((await cluster.client.get(resources.pods, 'p', place)).status?.phase, 'Running')
  await cluster.client.delete(resources.pods, 'p', place)
  await cluster.settle()
  await assert.rejects(claimNamed(cluster, 'p-data'), /not found/)
  assert.deepEqual(await volumesOf(cluster), [])
})

test('an external provisioner is told by annotation and answers with a volume', async () => {
  await using cluster = await createCluster()
  await cluster.apply([
    storageClass('disk', { provisioner: 'example.com/disk', volumeBindingMode: 'Immediate' }),
    claim('c', { storageClassName: 'disk' }),
  ])
  await cluster.settle()
  const { metadata } = await claimNamed(cluster, 'c')
  assert.equal(metadata.annotations?.['volume.kubernetes.io/storage-provisioner'], 'example.com/disk')
  await cluster.apply(
    volume('made', {
      storageClassName: 'disk',
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { kind: 'PersistentVolumeClaim', name: 'c', namespace: 'default', uid: metadata.uid },
    }),
  )
  await cluster.settle()
  assert.equal((await claimNamed(cluster, 'c')).status?.phase, 'Bound')
})

test('volumes of a CSI driver are attached where their pod is and detached after it', async () => {
  await using cluster = await createCluster()
  const csi = { driver: 'disk.example.com', volumeHandle: 'handle' }
  const { client } = cluster
  await cluster.apply([
    { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: csi.driver }, spec: {} },
    volume('disk', { csi }),
    claim('c', { storageClassName: 'manual' }),
    pod('p', { persistentVolumeClaim: { claimName: 'c' } }),
  ])
  await cluster.settle()
  const [attachment] = (await client.list(resources.volumeAttachments)).items
  assert.match(attachment?.metadata.name ?? '', /^csi-[0-9a-f]{64}$/)
  assert.equal(attachment?.spec.nodeName, 'sim-0')
  await client.updateStatus(resources.volumeAttachments, { ...attachment, status: { attached: true } })
  await cluster.settle()
  const reported = async (): Promise<unknown> =>
    (await client.get(resources.nodes, 'sim-0')).status?.volumesAttached?.map(({ name }) => name)
  assert.deepEqual(await reported(), ['kubernetes.io/csi/disk.example.com^handle'])
  assert.ok((await reasonsOf(cluster, 'p')).includes('SuccessfulAttachVolume'))
  await client.delete(resources.pods, 'p', place)
  await cluster.settle()
  assert.deepEqual((await client.list(resources.volumeAttachments)).items, [])
  assert.equal(await reported(), undefined)
})

test('an attributes class goes when no claim names it any more', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const attributes = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttributesClass',
    metadata: { name: 'gold' },
    driverName: 'disk.example.com',
    parameters: { iops: '1' },
  }
  await cluster.apply([attributes, claim('c', { volumeAttributesClassName: 'gold' })])
  await cluster.settle()
  await client.delete(resources.volumeAttributesClasses, 'gold')
  await cluster.settle()
  assert.equal((await client.list(resources.volumeAttributesClasses)).items.length, 1)
  await client.delete(resources.persistentVolumeClaims, 'c', place)
  await cluster.settle()
  assert.equal((await client.list(resources.volumeAttributesClasses)).items.length, 0)
})

test('a claim whose provisioner fails keeps its pod waiting, tried again ever later', async () => {
  await using cluster = await createCluster()
  await cluster.apply([
    storageClass('tuned', { parameters: { speed: 'fast' } }),
    claim('c', { storageClassName: 'tuned' }),
    pod('p', { persistentVolumeClaim: { claimName: 'c' } }),
  ])
  await cluster.time.advance('1 minute')
  assert.equal((await cluster.client.get(resources.pods, 'p', place)).spec.nodeName, undefined)
  const { items } = await cluster.client.list(resources.events, place)
  const failed = items.filter(({ reason }) => reason === 'ProvisioningFailed')
  const tries = failed.reduce((sum, { count = 0 }) => sum + count, 0)
  assert.ok(tries > 1 && tries < 20, String(tries))
  const scheduling = items.filter(({ reason }) => reason === 'FailedScheduling').map(({ message }) => message)
  assert.ok(
    scheduling.some((text) => text?.endsWith('binding volumes: provisioning failed for PVC "c"')),
    String(scheduling),
  )
})
