import assert from 'node:assert/strict'
import test from 'node:test'
import { enoughNodes } from './schedule-pod.ts'
import { decide, type PodShape, type Scene, someNode, somePod } from './scheduling.contract.ts'

const zone = (name: string, value: string, extra: Parameters<typeof someNode>[1] = {}) =>
  someNode(name, { ...extra, labels: { 'topology.kubernetes.io/zone': value } })
const on = (nodeName: string, name: string, shape: PodShape = {}) =>
  somePod(name, { ...shape, spec: { ...shape.spec, nodeName } })
const term = (app: string, topologyKey = 'kubernetes.io/hostname') => ({
  labelSelector: { matchLabels: { app } },
  topologyKey,
})
const required = (...terms: ReturnType<typeof term>[]) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms })

const placements: readonly {
  readonly name: string
  readonly pod: PodShape
  readonly scene: Scene
  readonly node: string
}[] = [
  {
    name: 'the emptier node is liked better',
    pod: { cpu: '1', memory: '1Gi' },
    scene: { nodes: [someNode('a'), someNode('b')], placed: [on('a', 'x', { cpu: '2', memory: '4Gi' })] },
    node: 'b',
  },
  {
    name: 'a node selector decides',
    pod: { spec: { nodeSelector: { disk: 'ssd' } } },
    scene: { nodes: [someNode('a'), someNode('b', { labels: { disk: 'ssd' } })] },
    node: 'b',
  },
  {
    name: 'a preferred node affinity outweighs room',
    pod: {
      cpu: '1',
      spec: {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 10, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } },
            ],
          },
        },
      },
    },
    scene: { nodes: [someNode('a'), someNode('b', { labels: { disk: 'x' }, allocatable: { cpu: '2' } })] },
    node: 'b',
  },
  {
    name: 'a tolerated taint does not keep a pod off',
    pod: { spec: { tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }] } },
    scene: { nodes: [someNode('a', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } })] },
    node: 'a',
  },
  {
    name: 'a PreferNoSchedule taint is avoided where that is possible',
    pod: {},
    scene: { nodes: [someNode('a', { spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } }), someNode('b')] },
    node: 'b',
  },
  {
    name: 'required affinity goes where the others are',
    pod: { labels: { app: 'web' }, spec: { affinity: { podAffinity: required(term('db')) } } },
    scene: { nodes: [someNode('a'), someNode('b')], placed: [on('b', 'db', { labels: { app: 'db' } })] },
    node: 'b',
  },
  {
    name: 'the first pod of a group that wants to be together may start anywhere',
    pod: { labels: { app: 'web' }, spec: { affinity: { podAffinity: required(term('web')) } } },
    scene: { nodes: [someNode('a')] },
    node: 'a',
  },
  {
    name: 'anti-affinity keeps apart by zone',
    pod: {
      labels: { app: 'web' },
      spec: { affinity: { podAntiAffinity: required(term('web', 'topology.kubernetes.io/zone')) } },
    },
    scene: {
      nodes: [zone('a', 'z1'), zone('b', 'z1'), zone('c', 'z2')],
      placed: [on('a', 'w', { labels: { app: 'web' } })],
    },
    node: 'c',
  },
  {
    name: 'a hard spread constraint fills the emptier zone',
    pod: {
      labels: { app: 'web' },
      spec: {
        topologySpreadConstraints: [
          { ...term('web', 'topology.kubernetes.io/zone'), maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' },
        ],
      },
    },
    scene: { nodes: [zone('a', 'z1'), zone('b', 'z2')], placed: [on('a', 'w', { labels: { app: 'web' } })] },
    node: 'b',
  },
  {
    name: 'pods of one service spread by themselves',
    pod: { labels: { app: 'web' } },
    scene: {
      nodes: [someNode('a'), someNode('b')],
      placed: [on('a', 'w', { labels: { app: 'web' } }), on('b', 'other'), on('b', 'other2')],
      objects: {
        services: () => [
          { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { selector: { app: 'web' } } },
        ],
      },
    },
    node: 'b',
  },
  {
    name: 'a large image that is there already tips the balance',
    pod: {},
    scene: {
      nodes: [someNode('a'), someNode('b', { images: [{ names: ['i:latest'], sizeBytes: 3e9 }] })],
    },
    node: 'b',
  },
  {
    name: 'a taken host port sends a pod elsewhere',
    pod: { spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] } },
    scene: {
      nodes: [someNode('a'), someNode('b')],
      placed: [
        on('a', 'w', {
          spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }] }] },
        }),
      ],
    },
    node: 'b',
  },
]

for (const { name, pod, scene, node } of placements) {
  test(name, () => assert.equal(decide(somePod('p', pod), scene).node, node))
}

const refusals: readonly {
  readonly name: string
  readonly pod: PodShape
  readonly scene: Scene
  readonly message: string
}[] = [
  { name: 'no nodes', pod: {}, scene: { nodes: [] }, message: 'no nodes available to schedule pods' },
  {
    name: 'reasons are counted and sorted as text',
    pod: { cpu: '8' },
    scene: {
      nodes: [
        someNode('a'),
        someNode('b', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
        someNode('c', { spec: { taints: [{ key: 'k', effect: 'NoExecute' }] } }),
      ],
    },
    message:
      '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  },
  {
    name: 'a full node without less important pods',
    pod: { cpu: '1', memory: '1Gi' },
    scene: {
      nodes: [someNode('a', { allocatable: { pods: '1' } })],
      placed: [on('a', 'x', { cpu: '4', memory: '8Gi' })],
    },
    message:
      '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  },
  {
    name: 'a cordoned node and a selector',
    pod: { spec: { nodeSelector: { a: 'b' } } },
    scene: { nodes: [someNode('a', { spec: { unschedulable: true } }), someNode('b')] },
    message:
      "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
  },
  {
    name: 'a missing claim is no matter of nodes',
    pod: { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } },
    scene: { nodes: [someNode('a')] },
    message: '0/1 nodes are available: persistentvolumeclaim "data" not found. not found',
  },
  {
    name: 'an existing pod that wants to be alone',
    pod: { labels: { app: 'web' } },
    scene: {
      nodes: [someNode('a')],
      placed: [on('a', 'x', { spec: { affinity: { podAntiAffinity: required(term('web')) } } })],
    },
    message:
      "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
  },
  {
    name: 'a pod that may not preempt',
    pod: { cpu: '4', spec: { priority: 10, preemptionPolicy: 'Never' } },
    scene: { nodes: [someNode('a')], placed: [on('a', 'x', { cpu: '1' })] },
    message:
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
  },
]

for (const { name, pod, scene, message } of refusals) {
  test(`in words: ${name}`, () => assert.equal(decide(somePod('p', pod), scene).message, message))
}

test('fewer nodes are looked at the more there are', () => {
  assert.deepEqual(
    [50, 100, 1000, 5000, 10_000].map((count) => enoughNodes(count, 0)),
    [50, 100, 420, 500, 500],
  )
  assert.equal(enoughNodes(1000, 70), 700)
})
