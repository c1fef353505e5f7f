import assert from 'node:assert/strict'
import test from 'node:test'
import type { ChangeKind, ClusterChange, Plugin } from '../plugin.ts'
import { type PodRecord, recordOf } from '../pod-record.ts'
import { AmountReader } from '../resource-amounts.ts'
import { type PodShape, someNode, somePod } from '../scheduling.contract.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { taintToleration } from './taint-toleration.ts'

const record = (shape: PodShape, name = 'p'): PodRecord => recordOf(somePod(name, shape), new AmountReader())

function helps(plugin: Plugin, pod: PodRecord, change: ClusterChange): boolean {
  const hint = plugin.hints?.[change.kind]
  return hint === true || (hint !== undefined && hint(pod, change))
}

const labelled = (app: string, namespace = 'default'): PodRecord => record({ labels: { app }, namespace }, 'other')
const term = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' }
const near = record({ spec: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } } })
const apart = record({
  spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
})
const spread = record({
  spec: { topologySpreadConstraints: [{ ...term, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] },
})
const port = (hostPort: number, hostIP?: string): PodRecord =>
  record({
    spec: {
      containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort, ...(hostIP === undefined ? {} : { hostIP }) }] }],
    },
  })

test('pods that come, go or change their labels wake those that they concern', () => {
  const rows: readonly (readonly [Plugin, PodRecord, ChangeKind, PodRecord, PodRecord | undefined, boolean])[] = [
    [interPodAffinity(), near, 'pod-added', labelled('web'), undefined, true],
    [interPodAffinity(), near, 'pod-added', labelled('db'), undefined, false],
    [interPodAffinity(), near, 'pod-added', labelled('web', 'else'), undefined, false],
    [interPodAffinity(), near, 'pod-changed', labelled('web'), labelled('db'), true],
    [interPodAffinity(), near, 'pod-changed', labelled('api'), labelled('db'), false],
    [interPodAffinity(), apart, 'pod-deleted', labelled('web'), undefined, true],
    [interPodAffinity(), apart, 'pod-deleted', labelled('db'), undefined, false],
    [interPodAffinity(), apart, 'pod-changed', labelled('db'), labelled('web'), true],
    [interPodAffinity(), apart, 'pod-changed', labelled('web'), labelled('db'), false],
    [interPodAffinity(), labelled('web'), 'pod-deleted', apart, undefined, true],
    [podTopologySpread(), spread, 'pod-deleted', labelled('web'), undefined, true],
    [podTopologySpread(), spread, 'pod-deleted', labelled('db'), undefined, false],
    [podTopologySpread(), spread, 'pod-changed', labelled('db'), labelled('web'), true],
    [nodePorts, port(80), 'pod-deleted', port(80), undefined, true],
    [nodePorts, port(80), 'pod-deleted', port(81), undefined, false],
    [nodePorts, port(80, '10.0.0.1'), 'pod-deleted', port(80, '10.0.0.2'), undefined, false],
    [nodePorts, port(80, '10.0.0.1'), 'pod-deleted', port(80), undefined, true],
    [nodeResourcesFit(), record({ cpu: '1' }), 'pod-changed', labelled('db'), labelled('web'), false],
    [nodeResourcesFit(), record({ cpu: '1' }), 'pod-shrunk', labelled('db'), labelled('db'), true],
  ]
  for (const [index, [plugin, waiting, kind, pod, podBefore, want]] of rows.entries()) {
    const change = { kind, pod, ...(podBefore === undefined ? {} : { podBefore }) }
    assert.equal(helps(plugin, waiting, change), want, `row ${index}`)
  }
})

test('a claim wakes the pods that use it', () => {
  const claim = (name: string, namespace = 'default') => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
  })
  const user = record({ spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] } })
  const wakes = (object: ReturnType<typeof claim>): boolean => helps(nodeVolumeLimits, user, { kind: 'claim', object })
  assert.deepEqual([claim('data'), claim('other'), claim('data', 'else')].map(wakes), [true, false, false])
})

test('nodes wake those that they have more for than before', () => {
  const plain = someNode('n')
  const cordoned = someNode('n', { spec: { unschedulable: true } })
  const tainted = someNode('n', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })
  const large = someNode('n', { allocatable: { cpu: '64' } })
  const wide = someNode('n', { labels: { zone: 'a' } })
  const big = record({ cpu: '16' })
  const rows = [
    [nodeUnschedulable, big, cordoned, undefined, false],
    [nodeUnschedulable, big, plain, cordoned, true],
    [nodeUnschedulable, big, wide, plain, false],
    [taintToleration, big, tainted, undefined, false],
    [taintToleration, big, plain, tainted, true],
    [taintToleration, big, wide, plain, false],
    [nodeResourcesFit(), big, plain, undefined, false],
    [nodeResourcesFit(), big, large, undefined, true],
    [nodeResourcesFit(), big, large, plain, true],
    [nodeResourcesFit(), big, plain, large, false],
    [nodeResourcesFit(), record({ cpu: '1' }), wide, plain, false],
  ] as const
  for (const [index, [plugin, waiting, object, previous, want]] of rows.entries()) {
    const kind = previous === undefined ? 'node-added' : 'node-changed'
    const change = { kind, object, ...(previous === undefined ? {} : { previous }) } as const
    assert.equal(helps(plugin, waiting, change), want, `row ${index}`)
  }
})
