import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Random } from '#world/ports/random.ts'
import { noObjects } from './cluster-objects.ts'
import { defaultPlugins, noWriters } from './default-plugins.table.ts'
import { KeptAnswers, NodeAnswers } from './kept-answers.ts'
import { NodeTable } from './node-table.ts'
import { NominatedPods } from './nominated-pods.ts'
import { type PodRecord, recordOf } from './pod-record.ts'
import { schedulePod } from './schedule-pod.ts'
import { type PodShape, someNode, somePod } from './scheduling.contract.ts'

const first: Random = { bytes: (count) => new Uint8Array(count), below: () => 0, float: () => 0 }
const taint = (effect: 'NoSchedule' | 'PreferNoSchedule'): Node['spec'] => ({
  taints: [{ key: 'k', value: 'v', effect }],
})
const prefers = (key: string): NonNullable<PodShape['spec']> => ({
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 5, preference: { matchExpressions: [{ key, operator: 'Exists' }] } },
      ],
    },
  },
})

const podShapes: readonly PodShape[] = [
  { cpu: '1', memory: '1Gi' },
  { cpu: '500m' },
  {},
  { cpu: '1', spec: { nodeSelector: { disk: 'ssd' } } },
  { cpu: '1', spec: { nodeSelector: { disk: 'hdd' } } },
  { cpu: '1', spec: { tolerations: [{ key: 'k', operator: 'Exists' }] } },
  { memory: '2Gi', spec: prefers('disk') },
  { memory: '2Gi', spec: prefers('zone') },
  { cpu: '1', spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 80 }] }] } },
  {
    labels: { app: 'apart' },
    spec: {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchLabels: { app: 'apart' } }, topologyKey: 'kubernetes.io/hostname' },
          ],
        },
      },
    },
  },
]
const nodeShapes: readonly Parameters<typeof someNode>[1][] = [
  {},
  { labels: { disk: 'ssd' } },
  { labels: { disk: 'hdd', zone: 'a' }, allocatable: { cpu: '2' } },
  { spec: { unschedulable: true } },
  { spec: taint('NoSchedule') },
  { spec: taint('PreferNoSchedule') },
  { allocatable: { cpu: '8', memory: '2Gi', pods: '3' } },
]

interface Scene {
  readonly table: NodeTable
  readonly nominated: NominatedPods
}

const plugins = defaultPlugins(noWriters)

function decide(record: PodRecord, answers: KeptAnswers, { table, nominated }: Scene): unknown {
  const cycle = { table, objects: noObjects, nowMs: 0 }
  const config = { plugins, percentageOfNodesToScore: 0 }
  const outcome = schedulePod(record, { cycle, config, memory: { startIndex: 0 }, random: first, nominated, answers })
  return outcome.found ? { node: outcome.entry.name, feasible: outcome.feasible } : outcome.diagnosis
}

test('kept answers are those of asking anew, however pods, nodes and nominations come and go', () => {
  const nodeNames = ['n-0', 'n-1', 'n-2', 'n-3']
  const shape = fc.nat(podShapes.length - 1)
  const aStep = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('schedule' as const), shape }) },
    fc.record({
      do: fc.constant('node' as const),
      node: fc.nat(nodeNames.length - 1),
      shape: fc.nat(nodeShapes.length - 1),
    }),
    fc.record({ do: fc.constant('lose' as const), node: fc.nat(nodeNames.length - 1) }),
    fc.record({ do: fc.constant('remove' as const), which: fc.nat(30) }),
    fc.record({ do: fc.constant('nominate' as const), shape, node: fc.nat(nodeNames.length - 1) }),
  )
  fc.assert(
    fc.property(fc.array(aStep, { minLength: 5, maxLength: 60 }), (steps) => {
      const table = new NodeTable()
      for (const name of nodeNames) table.putNode(someNode(name))
      const nominated = new NominatedPods()
      const kept = new KeptAnswers()
      const placed: { readonly record: PodRecord; readonly node: string }[] = []
      const scene = { table, nominated }
      for (const [index, step] of steps.entries()) {
        if (step.do === 'node') table.putNode(someNode(nodeNames[step.node] ?? '', nodeShapes[step.shape]))
        else if (step.do === 'lose') table.removeNode(nodeNames[step.node] ?? '')
        else if (step.do === 'remove')
          for (const { record, node } of placed.splice(step.which % Math.max(1, placed.length), 1))
            table.removePod(record.uid, node)
        else {
          const record = recordOf(somePod(`p-${index}`, podShapes[step.shape]), table.reader)
          if (step.do === 'nominate') {
            nominated.set(record, nodeNames[step.node] ?? '')
            continue
          }
          const decision = decide(record, kept, scene)
          assert.deepEqual(decision, decide(record, new KeptAnswers(), scene))
          const { node } = decision as { readonly node?: string }
          if (node === undefined) continue
          table.addPod(record, node)
          placed.push({ record, node })
        }
      }
    }),
  )
})

test('an answer stands for one version of a node, in any order of rows', () => {
  const answers = new NodeAnswers<number>()
  assert.equal(answers.has(1000, 1), false)
  answers.set(1000, 1, 7)
  answers.set(3, 2, 8)
  assert.deepEqual([answers.get(1000), answers.get(3)], [7, 8])
  assert.equal(answers.has(1000, 2), false)
  assert.equal(answers.has(4, 1), false)
})
