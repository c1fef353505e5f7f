import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pods, resourceClaims, resourceClaimTemplates } from '#clients/kubernetes/resources.table.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ResourceClaim, ResourceClaimTemplate } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { createBench, podLike } from '../bench.contract.ts'
import { planClaim } from './plan-claim.ts'
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
