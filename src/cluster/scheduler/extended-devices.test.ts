import assert from 'node:assert/strict'
import test from 'node:test'
import type { Container, PodSpec } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { DeviceClass, ResourceClaim, ResourceSlice } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { classBehind, mayBeDevices } from '#spec/kubernetes/pods/device-resources.ts'
import { extendedDevices } from './extended-devices.ts'
import { type Decision, decide, someNode, somePod } from './scheduling.contract.ts'

const gpu = 'example.com/gpu'

function container(name: string, amount?: number, more: object = {}): Container {
  const requests = amount === undefined ? { cpu: '1' } : { cpu: '1', [gpu]: String(amount) }
  return { name, image: 'i', resources: { requests }, ...more } as Container
}

const sidecar = { restartPolicy: 'Always' }
const shares: readonly (readonly [
  what: string,
  spec: PodSpec,
  requests: readonly string[],
  mappings: readonly string[],
])[] = [
  [
    'containers get their own',
    { containers: [container('a', 2), container('b'), container('c', 1)] },
    ['container-0-request-1=2', 'container-2-request-1=1'],
    ['a:container-0-request-1', 'c:container-2-request-1'],
  ],
  [
    'an init container uses what those after it get',
    { initContainers: [container('i', 2)], containers: [container('a', 2), container('b', 3)] },
    ['container-1-request-1=2', 'container-2-request-1=3'],
    ['a:container-1-request-1', 'b:container-2-request-1', 'i:container-1-request-1'],
  ],
  [
    'what init containers are short of is asked for once',
    { initContainers: [container('i', 3), container('j', 5)], containers: [container('a', 2)] },
    ['container-1-request-1=3', 'container-2-request-1=2'],
    [
      'a:container-2-request-1',
      'i:container-2-request-1',
      'i:container-1-request-1',
      'j:container-2-request-1',
      'j:container-1-request-1',
    ],
  ],
  [
    'a sidecar keeps its own, and those before it do not share with the ones before them',
    { initContainers: [container('s', 1, sidecar), container('i', 1)], containers: [container('a')] },
    ['container-0-request-1=1', 'container-1-request-1=1'],
    ['s:container-0-request-1', 'i:container-1-request-1'],
  ],
]
for (const [what, spec, requests, mappings] of shares) {
  test(`extended resources become requests for devices: ${what}`, () => {
    const devices = extendedDevices(spec, new Map([[gpu, 'gpus']]))
    assert.deepEqual(
      devices.requests.map(({ name, exactly }) => `${name}=${exactly?.count}`),
      requests,
    )
    assert.deepEqual(
      devices.mappings.map(({ containerName, requestName }) => `${containerName}:${requestName}`),
      mappings,
    )
    for (const { exactly } of devices.requests) assert.equal(exactly?.deviceClassName, 'gpus')
  })
}

const classOf = (
  name: string,
  extendedResourceName?: string,
  creationTimestamp: string = '2026-01-01T00:00:00Z',
): DeviceClass => ({ metadata: { name, creationTimestamp }, spec: { extendedResourceName } }) as unknown as DeviceClass

test('the newest class stands behind a resource, and each behind its own name', () => {
  const classes = [classOf('b', gpu), classOf('a', gpu), classOf('old', gpu, '2025-01-01T00:00:00Z'), classOf('own')]
  assert.equal(classBehind(gpu, classes)?.metadata.name, 'a')
  assert.equal(classBehind(gpu, [...classes, classOf('z', gpu, '2027-01-01T00:00:00Z')])?.metadata.name, 'z')
  assert.equal(classBehind('deviceclass.resource.kubernetes.io/own', classes)?.metadata.name, 'own')
  assert.equal(classBehind('example.com/other', classes), undefined)
})

test('resources of Kubernetes itself are no devices', () => {
  const names = [
    gpu,
    'deviceclass.resource.kubernetes.io/x',
    'cpu',
    'hugepages-2Mi',
    'kubernetes.io/batch',
    'requests.a/b',
  ]
  assert.deepEqual(names.filter(mayBeDevices), names.slice(0, 2))
})

const slice = {
  metadata: { name: 's' },
  spec: {
    driver: 'gpu.example.com',
    nodeName: 'with-driver',
    pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    devices: [{ name: 'g0' }, { name: 'g1' }],
  },
} as unknown as ResourceSlice
const asking = (amount: number, more: Record<string, string> = {}): ReturnType<typeof somePod> =>
  somePod('p', {
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { [gpu]: String(amount), ...more } } }] },
  })

function place(
  pod: ReturnType<typeof somePod>,
  more: { readonly claims?: readonly ResourceClaim[]; readonly plugin?: string } = {},
): Decision {
  const plugin = someNode('with-plugin', { allocatable: { [gpu]: more.plugin ?? '0' } })
  return decide(pod, {
    nodes: [someNode('without'), someNode('with-driver'), plugin],
    objects: {
      deviceClasses: () => [classOf('gpus', gpu)],
      deviceClass: (name) => (name === 'gpus' ? classOf('gpus', gpu) : undefined),
      resourceSlices: () => [slice],
      resourceClaims: () => more.claims ?? [],
    },
  })
}

test('a pod goes where a driver or a plugin has what it asks for', () => {
  assert.equal(place(asking(2)).node, 'with-driver')
  assert.equal(place(asking(3), { plugin: '4' }).node, 'with-plugin')
  assert.match(place(asking(3)).message ?? '', /3 cannot allocate all claims\. still not schedulable/)
  const further = place(asking(1, { 'example.com/none': '1' })).message ?? ''
  assert.match(further, /3 Insufficient example.com\/none/)
})

test('the claim of an attempt that failed goes before the next one', () => {
  const leftover = {
    metadata: {
      ...{ name: 'p-extended-resources-x', namespace: 'default' },
      annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
      ownerReferences: [{ kind: 'Pod', name: 'p', uid: 'uid-p', controller: true }],
    },
    spec: {},
  } as unknown as ResourceClaim
  const { message = '' } = place(asking(1), { claims: [leftover] })
  assert.match(message, /3 cannot schedule extended resource claim/)
  const others = { ...leftover, metadata: { ...leftover.metadata, namespace: 'other' } } as ResourceClaim
  assert.equal(place(asking(1), { claims: [others] }).node, 'with-driver')
})
