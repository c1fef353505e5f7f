import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, pods, resourceQuotas, services } from '#clients/kubernetes/resources.table.ts'
import type { Pod, ResourceQuota } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { DeviceClass, ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createBench } from '../bench.contract.ts'
import { planQuota, settleMs } from './plan-quota.ts'
import { startQuotaController } from './quota.ts'

const pod = (name: string, spec: object = {}, status: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: '500m' }, limits: { cpu: '1' } } }], ...spec },
    status,
  }) as Pod

const quota = (hard: object, more: object = {}): ResourceQuota =>
  ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q', namespace: 'default', uid: 'q', resourceVersion: '1' },
    spec: { hard, ...more },
  }) as ResourceQuota

const podsOf = (
  objects: readonly Pod[],
): { resource: { group: string; resource: string }; objects: readonly KubernetesObject[] }[] => [
  { resource: { group: '', resource: 'pods' }, objects: objects as unknown as readonly KubernetesObject[] },
]

function usedBy(objects: readonly Pod[], hard: object, more: object = {}): unknown {
  const plan = planQuota({ quota: quota(hard, more), counted: podsOf(objects), unchangedMs: settleMs, nowMs: 0 })
  return (plan.status?.object as ResourceQuota | undefined)?.status?.used
}

test('what is used follows from what is there', () => {
  const ended = pod('ended', {}, { phase: 'Succeeded' })
  const urgent = pod('urgent', { priorityClassName: 'high' })
  const short = pod('short', { activeDeadlineSeconds: 5 })
  const free = pod('free', { containers: [{ name: 'c' }] })
  const rows: readonly (readonly [readonly Pod[], object, object, object])[] = [
    [[pod('a'), pod('b')], { pods: '5', cpu: '4', 'limits.cpu': '4' }, {}, { pods: '2', cpu: '1', 'limits.cpu': '2' }],
    [[pod('a'), ended], { pods: '5', 'count/pods': '5' }, {}, { pods: '1', 'count/pods': '2' }],
    [
      [pod('a'), urgent],
      { pods: '5' },
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } },
      { pods: '1' },
    ],
    [[pod('a'), short], { pods: '5' }, { scopes: ['Terminating'] }, { pods: '1' }],
    [[pod('a'), short], { pods: '5' }, { scopes: ['NotTerminating'] }, { pods: '1' }],
    [[pod('a'), free], { pods: '5' }, { scopes: ['BestEffort'] }, { pods: '1' }],
    [[], { pods: '5', 'requests.memory': '1Gi' }, {}, { pods: '0', 'requests.memory': '0' }],
    [
      [
        pod('i', {
          initContainers: [
            { name: 'i', resources: { requests: { cpu: '2' } } },
            { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '250m' } } },
          ],
        }),
      ],
      { 'requests.cpu': '4' },
      {},
      { 'requests.cpu': '2' },
    ],
  ]
  for (const [objects, hard, more, used] of rows)
    assert.deepEqual(usedBy(objects, hard, more), used, JSON.stringify(hard))
})

test('less is said to be used only once the quota has stood still', () => {
  const full = { ...quota({ pods: '2' }), status: { hard: { pods: '2' }, used: { pods: '2' } } }
  const observed = { quota: full, counted: podsOf([]), nowMs: 0 }
  assert.deepEqual(planQuota({ ...observed, unchangedMs: 100 }), { lookAgainAfterMs: settleMs - 100 })
  const plan = planQuota({ ...observed, unchangedMs: settleMs })
  assert.deepEqual((plan.status?.object as ResourceQuota | undefined)?.status, {
    hard: { pods: '2' },
    used: { pods: '0' },
  })
})

test('a quota that says what is true is left alone', () => {
  const right = { ...quota({ pods: '2' }), status: { hard: { pods: '2' }, used: { pods: '1' } } }
  assert.deepEqual(planQuota({ quota: right, counted: podsOf([pod('a')]), unchangedMs: 0, nowMs: 0 }), {})
})

test('the status follows objects as they come and go', async () => {
  await using bench = createBench()
  bench.start(startQuotaController)
  const used = (): unknown => bench.api.all<ResourceQuota>(resourceQuotas)[0]?.status?.used
  await bench.put(
    resourceQuotas,
    quota({ pods: '5', 'count/configmaps': '3', services: '2', 'services.nodeports': '1' }),
  )
  await bench.pass(2000)
  assert.deepEqual(used(), { pods: '0', 'count/configmaps': '0', services: '0', 'services.nodeports': '0' })
  await bench.put(pods, pod('a'))
  await bench.put(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' } })
  await bench.put(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'default' },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  })
  await bench.pass(2000)
  assert.deepEqual(used(), { pods: '1', 'count/configmaps': '1', services: '1', 'services.nodeports': '1' })
  await bench.api.delete(configMaps, 'c', { namespace: 'default' })
  await bench.pass(2000)
  assert.deepEqual(used(), { pods: '1', 'count/configmaps': '0', services: '1', 'services.nodeports': '1' })
})

test('an object that moves into or out of a scope is counted anew', async () => {
  await using bench = createBench()
  bench.start(startQuotaController)
  const used = (): unknown => bench.api.all<ResourceQuota>(resourceQuotas).map(({ status }) => status?.used?.['pods'])
  const scoped = (name: string): ResourceQuota => {
    const made = quota({ pods: '5' }, { scopes: [name] })
    return { ...made, metadata: { ...made.metadata, name: name.toLowerCase(), uid: name } }
  }
  await bench.put(resourceQuotas, scoped('NotTerminating'))
  await bench.put(resourceQuotas, scoped('Terminating'))
  await bench.put(pods, pod('a'))
  await bench.pass(2000)
  assert.deepEqual(used(), ['1', '0'])
  await bench.put(pods, pod('a', { activeDeadlineSeconds: 60 }))
  await bench.pass(2000)
  assert.deepEqual(used(), ['0', '1'])
})

test('claims count for as many devices of each class as they may be given', () => {
  const claim = (name: string, ...requests: readonly object[]): KubernetesObject =>
    ({
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name, namespace: 'default', uid: name },
      spec: { devices: { requests } },
    }) as unknown as KubernetesObject
  const asks = (deviceClassName: string, count?: number): object =>
    count === undefined
      ? { deviceClassName, allocationMode: 'All' }
      : { deviceClassName, allocationMode: 'ExactCount', count }
  const resource = { group: 'resource.k8s.io', resource: 'resourceclaims' }
  const objects = [
    claim('two', { name: 'a', exactly: asks('gold', 1) }, { name: 'b', exactly: asks('gold', 2) }),
    claim('all', { name: 'a', exactly: asks('tin') }),
    claim('either', { name: 'a', firstAvailable: [asks('gold', 4), asks('gold', 3), asks('tin', 1)] }),
  ]
  const devices = (name: string): string => `${name}.deviceclass.resource.k8s.io/devices`
  const hard = { [devices('gold')]: '9', [devices('tin')]: '99', 'count/resourceclaims.resource.k8s.io': '5' }
  const counted = [{ resource, objects }]
  const plan = planQuota({ quota: quota(hard), counted, unchangedMs: settleMs, nowMs: 0 })
  assert.deepEqual((plan.status?.object as ResourceQuota | undefined)?.status?.used, {
    [devices('gold')]: '7',
    [devices('tin')]: '33',
    'count/resourceclaims.resource.k8s.io': '3',
  })
})

test('claims count for the extended resources behind which their classes stand, as far as their pods do not', () => {
  const owner = (name: string): object => ({ apiVersion: 'v1', kind: 'Pod', name, uid: `u-${name}`, controller: true })
  const claim = (name: string, of: string | undefined, count: number): ResourceClaim =>
    ({
      metadata: {
        ...{ name, namespace: 'default', uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
        ...(of === undefined
          ? {}
          : {
              annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
              ownerReferences: [owner(of)],
            }),
      },
      spec: {
        devices: {
          requests: [{ name: 'r', exactly: { deviceClassName: 'gpus', allocationMode: 'ExactCount', count } }],
        },
      },
    }) as unknown as ResourceClaim
  const asking = (name: string, requests: Readonly<Record<string, string>>, told?: string): Pod =>
    ({
      metadata: { name, namespace: 'default', uid: `u-${name}` },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }] },
      status: told === undefined ? {} : { extendedResourceClaimStatus: { resourceClaimName: told } },
    }) as unknown as Pod
  const [plain, implicit] = ['example.com/gpu', 'deviceclass.resource.kubernetes.io/gpus']
  const inPods = [asking('a', { [plain]: '2' }, 'a-x'), asking('b', { [implicit]: '1' })]
  // The second claim that says it is of pod b is not: it would be counted nowhere.
  const claims = [claim('a-x', 'a', 2), claim('b-x', 'b', 1), claim('b-y', 'b', 4), claim('own', undefined, 8)]
  const deviceClass = { metadata: { name: 'gpus' }, spec: { extendedResourceName: plain } } as unknown as DeviceClass
  const hard = { [`requests.${plain}`]: '99', [`requests.${implicit}`]: '99', 'requests.example.com/other': '9' }
  const plan = planQuota({
    quota: quota(hard),
    counted: [
      { resource: { group: '', resource: 'pods' }, objects: inPods as unknown as KubernetesObject[] },
      {
        resource: { group: 'resource.k8s.io', resource: 'resourceclaims' },
        objects: claims as unknown as KubernetesObject[],
      },
    ],
    unchangedMs: settleMs,
    nowMs: 0,
    devices: {
      classes: () => [deviceClass],
      claims: () => claims,
      pod: (_namespace, name) => inPods.find(({ metadata }) => metadata.name === name),
    },
  })
  assert.deepEqual((plan.status?.object as ResourceQuota | undefined)?.status?.used, {
    [`requests.${plain}`]: String(2 + 0 + 1 + 4 + 8),
    [`requests.${implicit}`]: String(2 + 1 + 0 + 4 + 8),
    'requests.example.com/other': '0',
  })
})
