import assert from 'node:assert/strict'
import test from 'node:test'
import type { PodDisruptionBudget } from '#spec/kubernetes/objects/policy-v1.generated.ts'
import { decide, type PodShape, type Scene, someNode, somePod } from './scheduling.contract.ts'

const on = (nodeName: string, name: string, shape: PodShape & { readonly priority?: number } = {}) =>
  somePod(name, { ...shape, spec: { ...shape.spec, nodeName, priority: shape.priority ?? 0 } })

const budget = (app: string, disruptionsAllowed: number): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: app },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed },
})

function victimsOf(scene: Scene, shape: PodShape): unknown {
  const { preemption } = decide(somePod('p', { ...shape, spec: { priority: 100, ...shape.spec } }), scene)
  assert.ok(preemption !== undefined && 'candidate' in preemption, JSON.stringify(preemption))
  const { entry, victims } = preemption.candidate
  return { node: entry.name, victims: victims.map(({ name }) => name) }
}

test('only as many pods go as have to, the least important ones', () => {
  const placed = [on('a', 'low', { cpu: '2', priority: 1 }), on('a', 'mid', { cpu: '2', priority: 50 })]
  assert.deepEqual(victimsOf({ nodes: [someNode('a')], placed }, { cpu: '2' }), { node: 'a', victims: ['low'] })
})

test('pods that matter as much or more stay', () => {
  const placed = [on('a', 'equal', { cpu: '4', priority: 100 })]
  const { message } = decide(somePod('p', { cpu: '2', spec: { priority: 100 } }), { nodes: [someNode('a')], placed })
  assert.match(message ?? '', /1 No preemption victims found for incoming pod\.$/)
})

test('a node where no disruption budget breaks is preferred', () => {
  const placed = [
    on('a', 'guarded', { cpu: '4', priority: 1, labels: { app: 'db' } }),
    on('b', 'plain', { cpu: '4', priority: 2 }),
  ]
  const objects = { disruptionBudgets: () => [budget('db', 0)] }
  const scene = { nodes: [someNode('a'), someNode('b')], placed, objects }
  assert.deepEqual(victimsOf(scene, { cpu: '4' }), { node: 'b', victims: ['plain'] })
})

test('a budget breaks rather than that a pod of high priority waits', () => {
  const placed = [on('a', 'guarded', { cpu: '4', labels: { app: 'db' } })]
  const objects = { disruptionBudgets: () => [budget('db', 0)] }
  assert.deepEqual(victimsOf({ nodes: [someNode('a')], placed, objects }, { cpu: '4' }), {
    node: 'a',
    victims: ['guarded'],
  })
})

test('the node with the less important victims is taken, then the one with fewer', () => {
  const nodes = [someNode('a'), someNode('b'), someNode('c')]
  const placed = [
    on('a', 'a1', { cpu: '4', priority: 9 }),
    on('b', 'b1', { cpu: '2', priority: 5 }),
    on('b', 'b2', { cpu: '2', priority: 5 }),
    on('c', 'c1', { cpu: '4', priority: 5 }),
  ]
  assert.deepEqual(victimsOf({ nodes, placed }, { cpu: '4' }), { node: 'c', victims: ['c1'] })
})

test('eviction lifts anti-affinity of others', () => {
  const affinity = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' },
      ],
    },
  }
  const placed = [on('a', 'loner', { spec: { affinity } }), on('a', 'other')]
  assert.deepEqual(victimsOf({ nodes: [someNode('a')], placed }, { labels: { app: 'web' } }), {
    node: 'a',
    victims: ['loner'],
  })
})
