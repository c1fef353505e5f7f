/** What nodes may read and write, asked of a running server as kubelets ask. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInResource } from '#clients/kubernetes/api-resource.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { serveApi, type ServedApi } from '../served-api.contract.ts'
import type { Access } from './access.ts'

const node = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }

async function put(served: ServedApi, resource: readonly [string, string], object: object): Promise<void> {
  const [apiVersion, name] = resource
  const { metadata } = object as KubernetesObject
  const place = metadata.namespace === undefined ? {} : { namespace: metadata.namespace }
  await served.admin.create(builtInResource(apiVersion, name), { apiVersion, ...object } as KubernetesObject, place)
}

/** A pod on n1 that needs one of each, one on n2, and a mirror pod. */
async function fill(served: ServedApi): Promise<void> {
  const namespace = 'default'
  const pod = ([name, nodeName]: readonly [string, string], spec: object = {}, annotations: object = {}): object => ({
    kind: 'Pod',
    metadata: { name, namespace, annotations },
    spec: { nodeName, containers: [{ name: 'c', image: 'x', ...spec }], ...spec },
  })
  const env = (name: string): object => ({ envFrom: [{ secretRef: { name } }] })
  const volumes = [
    { name: 'a', projected: { sources: [{ configMap: { name: 'config' } }, { secret: { name: 'projected' } }] } },
    { name: 'b', persistentVolumeClaim: { claimName: 'claim' } },
    {
      name: 'c',
      ephemeral: {
        volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      },
    },
  ]
  const own = pod(['own', 'n1'], { volumes, serviceAccountName: 'robot', imagePullSecrets: [{ name: 'pull' }] })
  for (const one of [own, pod(['env', 'n1'], env('env')), pod(['far', 'n2'], env('far'))])
    await put(served, ['v1', 'pods'], one)
  await put(served, ['v1', 'pods'], pod(['mirror', 'n1'], env('mirrored'), { 'kubernetes.io/config.mirror': 'x' }))
  const claimRef = { namespace, name: 'claim' }
  const csi = {
    driver: 'd',
    volumeHandle: 'h',
    nodeStageSecretRef: { namespace, name: 'stage' },
    controllerPublishSecretRef: { namespace, name: 'control' },
  }
  for (const [name, ref] of [
    ['bound', claimRef],
    ['free', { namespace, name: 'other' }],
  ] as const)
    await put(served, ['v1', 'persistentvolumes'], {
      kind: 'PersistentVolume',
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, claimRef: ref, csi },
    })
  const attachment = { attacher: 'd', source: { persistentVolumeName: 'bound' } }
  for (const nodeName of ['n1', 'n2'])
    await put(served, ['storage.k8s.io/v1', 'volumeattachments'], {
      kind: 'VolumeAttachment',
      metadata: { name: `to-${nodeName}` },
      spec: { ...attachment, nodeName },
    })
}

type Row = readonly [what: string, allowed: boolean, reason?: string]
const unrelated = "no relationship found between node 'n1' and this object"

const rows: readonly Row[] = [
  ['get /secrets default/env', true],
  ['list /secrets default/pull', true],
  ['watch /secrets default/projected', true],
  ['get /secrets default/stage', true],
  ['get /secrets default/control', false, unrelated],
  ['get /secrets default/far', false, unrelated],
  ['get /secrets default/mirrored', false, unrelated],
  ['get /secrets other/env', false, unrelated],
  ['list /secrets default/', false, 'No Object name found'],
  ['list /secrets /', false, 'can only read namespaced object of this type'],
  ['delete /secrets default/env', false, 'can only read resources of this type'],
  ['get /configmaps default/config', true],
  ['get /configmaps default/none', false, unrelated],
  ['get /persistentvolumeclaims default/claim', true],
  ['get /persistentvolumeclaims default/own-c', true],
  ['list /persistentvolumeclaims default/claim', false, 'can only get individual resources of this type'],
  ['patch /persistentvolumeclaims/status default/claim', true],
  ['get /persistentvolumeclaims/status default/claim', false, 'can only get/update/patch this type'],
  ['get /persistentvolumes /bound', true],
  ['get /persistentvolumes /free', false, unrelated],
  ['get storage.k8s.io/volumeattachments /to-n1', true],
  ['get storage.k8s.io/volumeattachments /to-n2', false, unrelated],
  ['get /serviceaccounts default/robot', true],
  ['create /serviceaccounts/token default/robot', true],
  ['create /serviceaccounts/token default/other', false, unrelated],
  ['create /serviceaccounts default/robot', false, 'can only create token subresource of serviceaccount'],
  ['create coordination.k8s.io/leases kube-node-lease/', true],
  ['patch coordination.k8s.io/leases kube-node-lease/n1', true],
  [
    'patch coordination.k8s.io/leases kube-node-lease/n2',
    false,
    'can only access node lease with the same name as the requesting node',
  ],
  [
    'get coordination.k8s.io/leases default/n1',
    false,
    'can only access leases in the "kube-node-lease" system namespace',
  ],
  ['update storage.k8s.io/csinodes /n1', true],
  ['update storage.k8s.io/csinodes /n2', false, 'can only access CSINode with the same name as the requesting node'],
  ['create resource.k8s.io/resourceslices /', true],
  ['list resource.k8s.io/resourceslices /?spec.nodeName=n1', true],
  [
    'list resource.k8s.io/resourceslices /',
    false,
    'can only list/watch/deletecollection resourceslices with nodeName field selector',
  ],
  ['get /nodes /n1', true],
  ['watch /nodes /n1', true],
  ['get /nodes /n2', false, "node 'n1' cannot read 'n2', only its own Node object"],
  ['list /nodes /', false, "node 'n1' cannot read all nodes, only its own Node object"],
  ['patch /nodes/status /n2', true],
  ['delete /nodes /n1', false],
  ['list /pods /?status.phase=Running,spec.nodeName=n1', true],
  ['list /pods /?spec.nodeName=n2', false, 'can only list/watch pods with spec.nodeName field selector'],
  ['list /pods /?spec.nodeName!=n1', false, 'can only list/watch pods with spec.nodeName field selector'],
  ['list /pods /?spec.nodeName==,=', false, 'can only list/watch pods with spec.nodeName field selector'],
  ['get /pods default/own', true],
  ['get /pods default/far', false, unrelated],
  ['delete /pods default/own', true],
  ['update /pods default/own', false],
  ['create /pods/eviction default/far', true],
  ['get /services default/s', true],
  ['create /services default/s', false],
]

/** `verb group/resource[/subresource] namespace/name[?fieldSelector]`. */
function accessOf(text: string): Access {
  const [verb = '', resources = '', place = ''] = text.split(' ')
  const [group = '', resource = '', subresource = ''] = resources.split('/')
  const [where = '', ...selectors] = place.split('?')
  const [namespace = '', name = ''] = where.split('/')
  const fieldSelector = selectors.join('?')
  return { user: node, verb, isResource: true, group, resource, subresource, namespace, name, path: '', fieldSelector }
}

test('a node may read what its pods need and write what is its own', async () => {
  await using served = await serveApi({ config: { disableAdmission: ['ServiceAccount'] } })
  await fill(served)
  for (const [text, allowed, reason = ''] of rows) {
    const decision = await served.api.parts.authorizer.decide(accessOf(text))
    assert.deepEqual(allowed ? decision.allowed : decision, allowed ? true : { allowed, reason }, text)
  }
})

test('whoever only calls himself a node has no rights of nodes', async () => {
  await using served = await serveApi({ config: { disableAdmission: ['ServiceAccount'] } })
  await fill(served)
  const { authorizer } = served.api.parts
  const asks = (name: string, groups: readonly string[]): unknown =>
    authorizer.decide({ ...accessOf('get /secrets default/env'), user: { name, groups } })
  assert.deepEqual(asks('system:node:n1', []), { allowed: false, reason: '' })
  assert.deepEqual(asks('n1', ['system:nodes']), { allowed: false, reason: '' })
  assert.deepEqual(asks('system:node:', ['system:nodes']), {
    allowed: false,
    reason: 'unknown node for user "system:node:"',
  })
})

test('the refusal says why', async () => {
  await using served = await serveApi()
  const asNode = served.api.clientFor(node)
  await assert.rejects(asNode.get(builtInResource('v1', 'secrets'), 's', { namespace: 'default' }), {
    message: `secrets "s" is forbidden: User "system:node:n1" cannot get resource "secrets" in API group "" in the namespace "default": ${unrelated}`,
  })
})
