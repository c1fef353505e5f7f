/** What admission keeps nodes from writing, over the client of a node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInResource } from '#clients/kubernetes/api-resource.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { createApiServer } from '../../api-server.ts'

const inDefault = { namespace: 'default' }
const nodes = builtInResource('v1', 'nodes')
const pods = builtInResource('v1', 'pods')
const leases = builtInResource('coordination.k8s.io/v1', 'leases')
const csiNodes = builtInResource('storage.k8s.io/v1', 'csinodes')
const slices = builtInResource('resource.k8s.io/v1', 'resourceslices')
const claims = builtInResource('v1', 'persistentvolumeclaims')

interface Fixture extends AsyncDisposable {
  readonly admin: KubeClient
  readonly kubelet: KubeClient
  readonly nodeUid: string
}

/** A server with the nodes n1 and n2 and one pod on each; the kubelet is that of n1. */
async function start(): Promise<Fixture> {
  await using scope = new AsyncDisposableStack()
  const clock = createClock()
  const store = scope.use(createMemoryStore({ clock }))
  const deps = { clock, random: createRandom(), store, log: silentLog }
  const api = scope.use(await createApiServer(deps, { disableAdmission: ['ServiceAccount'] }))
  const admin = api.clientFor({ name: 'admin', groups: ['system:masters'] })
  const kubelet = api.clientFor({ name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] })
  let nodeUid = ''
  for (const name of ['n1', 'n2']) {
    const made = await admin.create(nodes, nodeObject(name))
    if (name === 'n1') nodeUid = made.metadata.uid ?? ''
    await admin.create(pods, podObject([`on-${name}`, name]), inDefault)
  }
  const running = scope.move()
  return { admin, kubelet, nodeUid, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

function nodeObject(name: string, labels: object = {}, spec: object = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec } as unknown as KubernetesObject
}

function podObject(
  [name, nodeName]: readonly [string, string],
  metadata: object = {},
  spec: object = {},
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...inDefault, ...metadata },
    spec: { nodeName, containers: [{ name: 'c', image: 'x' }], ...spec },
  } as unknown as KubernetesObject
}

/** The sentence of a 403 after the object's name; 'allowed' when nothing speaks against it. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'allowed'
  } catch (error) {
    return (error as Error).message.replace(/^.* is forbidden: /, '')
  }
}

const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }

test('a node mirrors only its own static pods, owned by itself, that refer to nothing', async () => {
  await using fixture = await start()
  const { kubelet, nodeUid } = fixture
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: nodeUid, controller: true }
  const create = (metadata: object, spec: object = {}, node = 'n1'): Promise<string> =>
    outcome(kubelet.create(pods, podObject(['m', node], { ...mirror, ...metadata }, spec), inDefault))
  const who = 'node "n1"'
  assert.equal(
    await outcome(kubelet.create(pods, podObject(['m', 'n1']), inDefault)),
    `pod does not have "kubernetes.io/config.mirror" annotation, ${who} can only create mirror pods`,
  )
  assert.equal(await create({}, {}, 'n2'), `${who} can only create pods with spec.nodeName set to itself`)
  assert.equal(await create({}), `${who} can only create pods with an owner reference set to itself`)
  assert.equal(
    await create({ ownerReferences: [{ ...owner, name: 'n2' }] }),
    `${who} can only create pods with an owner reference set to itself`,
  )
  assert.equal(
    await create({ ownerReferences: [{ ...owner, controller: false }] }),
    `${who} can only create pods with a controller owner reference set to itself`,
  )
  assert.equal(
    await create({ ownerReferences: [{ ...owner, blockOwnerDeletion: true }] }),
    `${who} must not set blockOwnerDeletion on an owner reference`,
  )
  assert.equal(
    await create({ ownerReferences: [{ ...owner, uid: 'other' }] }),
    `node n1 UID mismatch: expected other got ${nodeUid}`,
  )
  const owned = { ownerReferences: [owner] }
  const needy: readonly (readonly [object, string])[] = [
    [{ serviceAccountName: 'robot' }, 'serviceaccounts'],
    [{ volumes: [{ name: 'v', secret: { secretName: 's' } }] }, 'secrets'],
    [{ containers: [{ name: 'c', image: 'x', envFrom: [{ configMapRef: { name: 'm' } }] }] }, 'configmaps'],
    [{ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'p' } }] }, 'persistentvolumeclaims'],
    [{ volumes: [{ name: 'v', csi: { driver: 'd' } }] }, 'csidrivers (via CSI volumes)'],
    [
      { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
      'serviceaccounts (via projected volumes)',
    ],
  ]
  for (const [spec, kind] of needy)
    assert.equal(await create(owned, spec), `${who} can not create pods that reference ${kind}`)
  assert.equal(await create(owned), 'allowed')
})

test('a node reports and ends only what is bound to it', async () => {
  await using fixture = await start()
  const { admin, kubelet } = fixture
  const report = async (name: string, change: object): Promise<string> => {
    const pod = await admin.get(pods, name, inDefault)
    return outcome(kubelet.updateStatus(pods, { ...pod, ...change } as KubernetesObject, inDefault))
  }
  const running = { status: { phase: 'Running' } }
  assert.equal(await report('on-n1', running), 'allowed')
  assert.equal(
    await report('on-n2', running),
    'node "n1" can only update pod status for pods with spec.nodeName set to itself',
  )
  const claimed = { status: { phase: 'Running', resourceClaimStatuses: [{ name: 'a', resourceClaimName: 'b' }] } }
  assert.equal(await report('on-n1', claimed), 'node "n1" cannot update resource claim statues')
  assert.equal(
    await outcome(kubelet.delete(pods, 'on-n2', inDefault)),
    'node "n1" can only delete pods with spec.nodeName set to itself',
  )
  assert.equal(await outcome(kubelet.delete(pods, 'on-n1', { ...inDefault, gracePeriodSeconds: 0 })), 'allowed')
})

test('a node keeps its taints and owners, and sets no labels that would draw others’ pods to it', async () => {
  await using fixture = await start()
  const { admin, kubelet } = fixture
  const change = async (patch: object, metadata: object = {}): Promise<string> => {
    const node = await admin.get(nodes, 'n1')
    return outcome(
      kubelet.update(nodes, { ...node, ...patch, metadata: { ...node.metadata, ...metadata } } as KubernetesObject),
    )
  }
  const who = 'node "n1"'
  assert.equal(await change({ spec: { taints: [] } }), `${who} is not allowed to modify taints`)
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'u' }
  assert.equal(await change({}, { ownerReferences: [owner] }), `${who} is not allowed to modify ownerReferences`)
  const allowed = {
    'kubernetes.io/hostname': 'n1',
    'topology.kubernetes.io/zone': 'z',
    'node.kubernetes.io/x': 'y',
    'a.kubelet.kubernetes.io/x': 'y',
    plain: 'x',
    'example.com/x': 'y',
  }
  assert.equal(await change({}, { labels: allowed }), 'allowed')
  const forbidden = {
    'node-role.kubernetes.io/master': '',
    'a.node-restriction.kubernetes.io/b': 'c',
    'x.k8s.io/y': '',
  }
  assert.equal(
    await change({}, { labels: { ...allowed, ...forbidden } }),
    'is not allowed to modify labels: a.node-restriction.kubernetes.io/b, node-role.kubernetes.io/master, x.k8s.io/y',
  )
  assert.equal(await outcome(kubelet.create(nodes, nodeObject('n3'))), `${who} is not allowed to modify node "n3"`)
  await admin.delete(nodes, 'n1', {})
  assert.equal(
    await outcome(kubelet.create(nodes, nodeObject('n1', { 'node-role.kubernetes.io/master': '' }))),
    `${who} is not allowed to set the following labels: node-role.kubernetes.io/master`,
  )
  assert.equal(await outcome(kubelet.create(nodes, nodeObject('n1', allowed))), 'allowed')
})

test('a node creates leases, CSI nodes and slices in its own name only', async () => {
  await using fixture = await start()
  const { admin, kubelet } = fixture
  const made = (type: readonly [string, string], metadata: object, spec: object): KubernetesObject =>
    ({ apiVersion: type[0], kind: type[1], metadata, spec }) as unknown as KubernetesObject
  const inLeases = { namespace: 'kube-node-lease' }
  const lease = (name: string): KubernetesObject =>
    made(['coordination.k8s.io/v1', 'Lease'], { name, ...inLeases }, { holderIdentity: name, leaseDurationSeconds: 40 })
  assert.equal(await outcome(kubelet.create(leases, lease('n1'), inLeases)), 'allowed')
  assert.equal(
    await outcome(kubelet.create(leases, lease('n2'), inLeases)),
    'can only access node lease with the same name as the requesting node',
  )
  const csiNode = (name: string): KubernetesObject => made(['storage.k8s.io/v1', 'CSINode'], { name }, { drivers: [] })
  assert.equal(await outcome(kubelet.create(csiNodes, csiNode('n1'))), 'allowed')
  assert.equal(
    await outcome(kubelet.create(csiNodes, csiNode('n2'))),
    'can only access CSINode with the same name as the requesting node',
  )
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 }
  const slice = (nodeName: string): KubernetesObject =>
    made(
      ['resource.k8s.io/v1', 'ResourceSlice'],
      { name: nodeName },
      { driver: 'd.example.com', pool, nodeName, devices: [] },
    )
  assert.equal(await outcome(kubelet.create(slices, slice('n1'))), 'allowed')
  assert.equal(
    await outcome(kubelet.create(slices, slice('n2'))),
    'can only create ResourceSlice with the same NodeName as the requesting node',
  )
  await admin.create(slices, slice('n2'))
  assert.match(await outcome(kubelet.delete(slices, 'n2', {})), /no relationship found between node 'n1'/)
})

test('of a claim a node says only how large it is and how it does', async () => {
  await using fixture = await start()
  const { admin, kubelet } = fixture
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', ...inDefault },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  } as unknown as KubernetesObject
  await admin.create(claims, claim, inDefault)
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]
  await admin.create(pods, podObject(['user', 'n1'], {}, { volumes }), inDefault)
  const report = async (status: object, metadata: object = {}): Promise<string> => {
    const stored = await admin.get(claims, 'data', inDefault)
    const changed = { ...stored, metadata: { ...stored.metadata, ...metadata }, status }
    return outcome(kubelet.updateStatus(claims, changed as unknown as KubernetesObject, inDefault))
  }
  const told = 'node "n1" is not allowed to update fields other than status.quantity and status.conditions'
  assert.equal(await report({ phase: 'Pending', capacity: { storage: '1Gi' } }), 'allowed')
  assert.equal(await report({ phase: 'Bound' }), told)
})
