import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pods, resourceClaims, resourceClaimTemplates, resourceSlices } from '#clients/kubernetes/resources.table.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ResourceClaim, ResourceClaimTemplate } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { createBench, podLike } from '../bench.contract.ts'
import { startDeviceTaintEviction } from './device-taint-eviction.ts'
import { planClaim } from './plan-claim.ts'
import { deviceEvictionMs } from './plan-device-eviction.ts'
import { claimNamePrefix, planPodClaims } from './plan-pod-claims.ts'
import { claimAnnotation, claimFinalizer } from './pod-claims.ts'
import { startClaimRelease, startPodClaims } from './resource-claims.ts'

const allocation = { devices: { results: [] } }

function claimLike(name: string, more: { metadata?: object; status?: object } = {}): ResourceClaim {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, ...more.metadata },
    spec: {},
    ...(more.status === undefined ? {} : { status: more.status }),
  } as ResourceClaim
}

const madeFor = (pod: string, entry: string): object => ({
  annotations: { [claimAnnotation]: entry },
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod, uid: `uid-${pod}`, controller: true }],
})
const template: ResourceClaimTemplate = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaimTemplate',
  metadata: { name: 't', namespace: 'default' },
  spec: { metadata: { labels: { from: 't' } }, spec: { devices: { requests: [] } } },
} as ResourceClaimTemplate
const fromTemplate = { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }] }
const consumer = (pod: string): object => ({ resource: 'pods', name: pod, uid: `uid-${pod}` })

test('a pod gets the claims that its templates describe', () => {
  const did = (pod: Pod, claims: readonly ResourceClaim[] = [], hasTemplate = true): string[] => {
    const plan = planPodClaims({
      pod,
      made: claims.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === pod.metadata.uid),
      claimNamed: (name) => claims.find(({ metadata }) => metadata.name === name),
      templateNamed: () => (hasTemplate ? template : undefined),
    })
    return [
      ...(plan.actions ?? []).map(({ do: what, resource }) => `${what} ${resource.resource}`),
      ...(plan.events ?? []).map(({ message }) => message),
    ]
  }
  const pod = podLike('p', { spec: fromTemplate })
  const recorded = (name?: string): object => ({
    resourceClaimStatuses: [{ name: 'gpu', ...(name === undefined ? {} : { resourceClaimName: name }) }],
  })
  const claim = claimLike('c', { metadata: madeFor('p', 'gpu') })
  const running = (status: object, spec: object = {}): Pod =>
    podLike('p', { spec: { ...fromTemplate, nodeName: 'n', ...spec }, status })
  const rows: [string, string[], string[]][] = [
    ['not made yet', did(pod), ['create resourceclaims']],
    ['made, not told', did(pod, [claim]), ['patch pods']],
    ['told', did(podLike('p', { spec: fromTemplate, status: recorded('c') }), [claim]), []],
    ['told, but lost', did(podLike('p', { spec: fromTemplate, status: recorded('c') })), ['create resourceclaims']],
    ['needs none', did(podLike('p', { spec: fromTemplate, status: recorded() })), []],
    ['going', did(podLike('p', { spec: fromTemplate, metadata: { deletionTimestamp: 'x' } })), []],
    ['done, and freed', did(podLike('p', { spec: fromTemplate, status: { phase: 'Failed', ...recorded('c') } })), []],
    [
      'without template',
      did(pod, [], false),
      ['PodResourceClaim gpu: resource claim template "t": resourceclaimtemplate.resource.k8s.io "t" not found'],
    ],
    [
      'bound by hand',
      did(running(recorded('c')), [{ ...claim, status: { allocation } } as ResourceClaim]),
      ['update-status resourceclaims'],
    ],
    [
      'bound and reserved',
      did(running(recorded('c')), [
        { ...claim, status: { allocation, reservedFor: [consumer('p')] } } as ResourceClaim,
      ]),
      [],
    ],
    ['bound, nothing allocated', did(running(recorded('c')), [claim]), []],
  ]
  for (const [name, got, want] of rows) assert.deepEqual(got, want, name)
  assert.equal(claimNamePrefix('web', 'gpu'), 'web-gpu-')
  const long = claimNamePrefix('p'.repeat(80), 'c'.repeat(20))
  assert.ok(long.length <= 58 && /^p+-c+$/.test(long), long)
})

test('reservations end with their pods, devices with the last of them', () => {
  const finalizers = [claimFinalizer]
  const known = new Map([
    ['runs', podLike('runs', { spec: { nodeName: 'n' }, status: { phase: 'Running' } })],
    ['done', podLike('done', { spec: { nodeName: 'n' }, status: { phase: 'Succeeded' } })],
    ['replaced', podLike('replaced', { metadata: { uid: 'another' } })],
  ])
  const did = (claim: ResourceClaim): unknown[] =>
    (planClaim({ claim, podNamed: (name) => known.get(name) }).actions ?? []).map((action) => {
      if (action.do !== 'update-status') return action.do
      const { status } = action.object as ResourceClaim
      return `${(status?.reservedFor ?? []).map(({ name }) => name).join()} ${status?.allocation === undefined ? 'free' : 'held'}`
    })
  const held = (users: readonly string[], metadata: object = { finalizers }): ResourceClaim =>
    claimLike('c', { metadata, status: { allocation, reservedFor: users.map(consumer) } })
  const rows: [string, ResourceClaim, unknown[]][] = [
    ['in use', held(['runs']), []],
    ['one is done', held(['runs', 'done']), ['runs held']],
    ['all are done', held(['done', 'gone', 'replaced']), [' free', 'update']],
    ['allocated by somebody else', held(['done'], {}), [' held']],
    ['unused from the beginning', held([]), []],
    ['deleted', held([], { finalizers, deletionTimestamp: 'x' }), [' free', 'update']],
    ['deleted in use', held(['runs'], { finalizers, deletionTimestamp: 'x' }), []],
    [
      'made for a pod that is done',
      held(['done'], { finalizers, ...madeFor('done', 'g') }),
      [' free', 'update', 'delete'],
    ],
    ['made for a pod that runs', claimLike('c', { metadata: madeFor('runs', 'g') }), []],
    ['made for a pod that was replaced', claimLike('c', { metadata: madeFor('replaced', 'g') }), ['delete']],
  ]
  for (const [name, claim, want] of rows) assert.deepEqual(did(claim), want, name)
  const other = claimLike('c', {
    status: { reservedFor: [{ apiGroup: 'x.io', resource: 'things', name: 'a', uid: 'u' }] },
  })
  assert.deepEqual(did(other), [])
})

test('a claim is made for a pod, told to it, and goes when the pod is done', async () => {
  await using bench = createBench({ runPod: () => undefined })
  bench.start(startPodClaims)
  bench.start(startClaimRelease)
  const pod = await bench.api.create(pods, podLike('p', { spec: fromTemplate }))
  await bench.pass(100)
  assert.ok(bench.told().some((text) => text.startsWith('FailedResourceClaimCreation: PodResourceClaim gpu:')))
  await bench.api.create(resourceClaimTemplates, template)
  await bench.pass(100)
  const [claim] = bench.api.all(resourceClaims)
  assert.match(claim?.metadata.name ?? '', /^p-gpu-/)
  assert.deepEqual(claim?.metadata.labels, { from: 't' })
  const name = claim?.metadata.name ?? ''
  assert.deepEqual(bench.api.all(pods)[0]?.status?.resourceClaimStatuses, [{ name: 'gpu', resourceClaimName: name }])
  const uid = pod.metadata.uid ?? ''
  const reserved = { allocation, reservedFor: [{ resource: 'pods', name: 'p', uid }] }
  await bench.put(resourceClaims, {
    metadata: { name, namespace: 'default', finalizers: [claimFinalizer] },
    status: reserved,
  })
  await bench.put(pods, { metadata: { name: 'p', namespace: 'default' }, status: { phase: 'Succeeded' } })
  await bench.pass(1000)
  assert.equal(bench.api.all(resourceClaims).length, 0)
})

test('a pod leaves a tainted device when its claim no longer tolerates it', () => {
  const nowMs = 1_800_000_000_000
  const taint = { key: 'broken', effect: 'NoExecute', timeAdded: apiTime(nowMs - 60_000) } as const
  const pod = podLike('p', { spec: { nodeName: 'n' } })
  const due = (
    tolerations: readonly object[] | undefined,
    more: { taints?: readonly object[]; of?: Pod; users?: readonly string[] } = {},
  ): number => {
    const results = [
      { request: 'r', driver: 'd', pool: 'p', device: 'x', ...(tolerations === undefined ? {} : { tolerations }) },
    ]
    const status = { allocation: { devices: { results } }, reservedFor: (more.users ?? ['p']).map(consumer) }
    const view = { pod: more.of ?? pod, claims: [claimLike('c', { status })], nowMs }
    return deviceEvictionMs({ ...view, taintsOf: () => (more.taints ?? [taint]) as never })
  }
  const rows: [string, number, number][] = [
    ['not tolerated', due(undefined), nowMs - 60_000],
    ['for ever', due([{ key: 'broken', operator: 'Exists' }]), Infinity],
    ['for a while', due([{ key: 'broken', operator: 'Exists', tolerationSeconds: 90 }]), nowMs + 30_000],
    ['another taint', due([{ key: 'hot', operator: 'Exists' }]), nowMs - 60_000],
    ['only for scheduling', due([{ operator: 'Exists', effect: 'NoSchedule' }]), nowMs - 60_000],
    ['a taint that only keeps others away', due(undefined, { taints: [{ ...taint, effect: 'NoSchedule' }] }), Infinity],
    ['a taint without time', due(undefined, { taints: [{ key: 'k', effect: 'NoExecute' }] }), nowMs],
    ['not bound', due(undefined, { of: podLike('p') }), Infinity],
    ['a claim of others', due(undefined, { users: ['other'] }), Infinity],
  ]
  for (const [name, got, want] of rows) assert.equal(got, want, name)
})

test('a taint on a device evicts the pods that have it, and only them', async () => {
  await using bench = createBench({ runPod: () => undefined })
  bench.start(startDeviceTaintEviction)
  const sliceOf = (taints: readonly object[]): object => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: 's' },
    spec: {
      driver: 'd',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      devices: [{ name: 'x', taints }, { name: 'y' }],
    },
  })
  await bench.put(resourceSlices, sliceOf([]))
  for (const [pod, device] of [
    ['a', 'x'],
    ['b', 'y'],
  ] as const) {
    const status = {
      allocation: { devices: { results: [{ request: 'r', driver: 'd', pool: 'p', device }] } },
      reservedFor: [consumer(pod)],
    }
    await bench.api.create(resourceClaims, claimLike(`c-${pod}`))
    await bench.put(resourceClaims, { metadata: { name: `c-${pod}`, namespace: 'default' }, status })
    await bench.api.create(
      pods,
      podLike(pod, { spec: { nodeName: 'n', resourceClaims: [{ name: 'r', resourceClaimName: `c-${pod}` }] } }),
    )
  }
  await bench.pass(1000)
  assert.equal(bench.api.all(pods).length, 2)
  await bench.put(resourceSlices, sliceOf([{ key: 'broken', effect: 'NoExecute' }]))
  await bench.pass(1000)
  assert.deepEqual(bench.told(), ['DeviceTaintManagerEviction: Marking for deletion'])
  const going = bench.api
    .all(pods)
    .filter(({ metadata }) => metadata.name === 'a' && metadata.deletionTimestamp === undefined)
  assert.deepEqual(going, [])
  assert.ok(
    bench.api.all(pods).some(({ metadata }) => metadata.name === 'b' && metadata.deletionTimestamp === undefined),
  )
})
