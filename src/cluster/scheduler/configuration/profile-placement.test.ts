/** What a profile's arguments change about where a pod goes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Decision, decide, someNode, somePod } from '../scheduling.contract.ts'
import { readSchedulerConfiguration } from './read-scheduler-configuration.ts'

interface Case {
  readonly plugin: string
  readonly args: object
  readonly nodes: readonly Node[]
  readonly placed?: Parameters<typeof decide>[1]['placed']
  readonly pod?: Parameters<typeof decide>[0]
}

function decideWith({
  plugin,
  args,
  nodes,
  placed = [],
  pod = somePod('new', { cpu: '1', memory: '1Gi' }),
}: Case): Decision {
  const { profiles } = readSchedulerConfiguration({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    profiles: [
      {
        plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: plugin }] } },
        pluginConfig: [{ name: plugin, args }],
      },
    ],
  })
  return decide(pod, { nodes, placed, ...(profiles[0] === undefined ? {} : { profile: profiles[0] }) })
}

const placedOn = (nodeName: string, name: string, cpu: string): ReturnType<typeof somePod> => {
  const pod = somePod(name, { cpu, memory: '1Gi' })
  return { ...pod, spec: { ...pod.spec, nodeName } }
}

describe('a profile', () => {
  // Between equals the last one is taken, so each test hands over last the node that must not be chosen.
  const nodes = [someNode('empty'), someNode('half-full')]
  const fullFirst = nodes.toReversed()
  const placed = [placedOn('half-full', 'there', '2')]

  test('packs pods with MostAllocated and spreads them with LeastAllocated', () => {
    const strategy = (type: string): object => ({ scoringStrategy: { type } })
    const plugin = 'NodeResourcesFit'
    assert.equal(decideWith({ plugin, args: strategy('MostAllocated'), nodes: fullFirst, placed }).node, 'half-full')
    assert.equal(decideWith({ plugin, args: strategy('LeastAllocated'), nodes, placed }).node, 'empty')
  })

  test('follows a line of its own with RequestedToCapacityRatio', () => {
    const line = (low: number, high: number): object => ({
      scoringStrategy: {
        type: 'RequestedToCapacityRatio',
        resources: [{ name: 'cpu', weight: 3 }],
        requestedToCapacityRatio: {
          shape: [
            { utilization: 0, score: low },
            { utilization: 100, score: high },
          ],
        },
      },
    })
    const plugin = 'NodeResourcesFit'
    assert.equal(decideWith({ plugin, args: line(0, 10), nodes: fullFirst, placed }).node, 'half-full')
    assert.equal(decideWith({ plugin, args: line(10, 0), nodes, placed }).node, 'empty')
  })

  test('looks over resources that somebody else looks after', () => {
    const pod = somePod('new', {
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { 'example.com/gpu': '1' } } }] },
    })
    const plugin = 'NodeResourcesFit'
    const message = '0/2 nodes are available: 2 Insufficient example.com/gpu.'
    assert.equal(decideWith({ plugin, args: {}, nodes, pod }).message?.startsWith(message), true)
    for (const args of [{ ignoredResources: ['example.com/gpu'] }, { ignoredResourceGroups: ['example.com'] }])
      assert.equal(decideWith({ plugin, args, nodes, pod }).node, 'half-full')
  })

  test('demands and likes nodes on behalf of all pods', () => {
    const expression = { matchExpressions: [{ key: 'pool', operator: 'In', values: ['b'] }] }
    const pools = [someNode('a', { labels: { pool: 'a' } }), someNode('b', { labels: { pool: 'b' } })]
    const plugin = 'NodeAffinity'
    const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [expression] }
    const demanded = { addedAffinity: { requiredDuringSchedulingIgnoredDuringExecution } }
    assert.equal(decideWith({ plugin, args: demanded, nodes: pools.toReversed() }).node, 'b')
    const { message } = decideWith({ plugin, args: demanded, nodes: pools.slice(0, 1) })
    assert.match(message ?? '', /1 node\(s\) didn't match scheduler-enforced node affinity/)
    const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 1, preference: expression }]
    const liked = { addedAffinity: { preferredDuringSchedulingIgnoredDuringExecution } }
    assert.equal(decideWith({ plugin, args: liked, nodes: pools.toReversed() }).node, 'b')
  })

  test('prefers the node whose balance a pod mends', () => {
    const balance = { plugin: 'NodeResourcesBalancedAllocation', args: {} }
    const pod = somePod('new', { cpu: '100m', memory: '4Gi' })
    // Much CPU and little memory are in use on one node: a pod that wants memory evens that out.
    assert.equal(decideWith({ ...balance, nodes: fullFirst, placed, pod }).node, 'half-full')
  })
})
