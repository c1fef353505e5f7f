import assert from 'node:assert/strict'
import test from 'node:test'
import type { ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { decide, someNode, somePod } from './scheduling.contract.ts'
import { dynamicResources } from './plugins/dynamic-resources.ts'
import { NodeTable } from './node-table.ts'
import { recordOf } from './pod-record.ts'

const onlyOn = (node: string): object => ({
  nodeSelector: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
  },
})

function claimLike(status: object = {}): ResourceClaim {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name: 'gpu', namespace: 'default' },
    spec: {},
    status,
  } as ResourceClaim
}

const claiming = somePod('p', { spec: { containers: [], resourceClaims: [{ name: 'g', resourceClaimName: 'gpu' }] } })

test('what plugins and preemption found out stands after the reasons, in their order', () => {
  const nodes = [someNode('a')]
  const after = ', preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.'
  const selector = { spec: { containers: [], nodeSelector: { disk: 'ssd' } } }
  assert.equal(
    decide(somePod('p', selector), { nodes }).message,
    `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate${after}`,
  )
  const used = { allocation: onlyOn('b'), reservedFor: [{ resource: 'pods', name: 'other', uid: 'other' }] }
  assert.equal(
    decide(claiming, { nodes, objects: { resourceClaim: () => claimLike(used) } }).message,
    `0/1 nodes are available: 1 resourceclaim not available on the node. still not schedulable${after}`,
  )
})

test('devices that nobody uses and that are in the way are taken back', async () => {
  const table = new NodeTable()
  table.putNode(someNode('a'))
  const pod = recordOf(claiming, table.reader)
  const freed: ResourceClaim[] = []
  const plugin = dynamicResources({
    reserve: () => Promise.resolve(),
    deallocate: async (claim) => void freed.push(claim),
  })
  const own = { resource: 'pods', name: 'p', uid: pod.uid }
  const rows: [string, object, string][] = [
    ['nothing allocated', {}, 'still not schedulable'],
    ['in the way', { allocation: onlyOn('b') }, 'deallocation of ResourceClaim completed'],
    ['reserved for itself', { allocation: onlyOn('b'), reservedFor: [own] }, 'deallocation of ResourceClaim completed'],
    ['reserved for others', { allocation: onlyOn('b'), reservedFor: [{ ...own, uid: 'x' }] }, 'still not schedulable'],
    ['where it can be', { allocation: onlyOn('a') }, 'still not schedulable'],
  ]
  for (const [name, status, want] of rows) {
    const objects = { resourceClaim: () => claimLike(status) } as never
    const diagnosis = { nodeCount: 1, byNode: new Map(), others: undefined, wholePod: '', plugins: new Set<string>() }
    const result = plugin.postFilter?.(pod, { table, objects, nowMs: 0 }, diagnosis)
    assert.equal(result?.message, want, name)
    await result?.act?.()
  }
  assert.equal(freed.length, 2)
})

test('a pod that needs a young feature goes only where it is declared', () => {
  const spec = {
    containers: [{ name: 'c', image: 'i', restartPolicyRules: [{ action: 'RestartAllContainers' }] }],
  }
  const plain = someNode('a')
  const young = {
    ...someNode('b'),
    status: { ...someNode('b').status, declaredFeatures: ['RestartAllContainersOnContainerExits'] },
  }
  assert.equal(decide(somePod('p', { spec }), { nodes: [plain, young] }).node, 'b')
  assert.match(
    decide(somePod('p', { spec }), { nodes: [plain] }).message ?? '',
    /1 node\(s\) didn't match Pod's required features\./,
  )
  const users = { containers: [], hostNetwork: true, hostUsers: false }
  assert.equal(decide(somePod('p', { spec: users }), { nodes: [young] }).node, undefined)
})
