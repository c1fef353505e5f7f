import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leases, nodes } from '#clients/kubernetes/resources.table.ts'
import type { KubernetesObject, ObjectMeta } from '#spec/kubernetes/objects/objects.ts'
import { OwnerGraph } from './owner-graph.ts'

const node: KubernetesObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'node' } }
const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'node' }]
const lease = (more: Partial<ObjectMeta> = {}): KubernetesObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'n', namespace: 'kube-node-lease', uid: 'lease', ownerReferences, ...more },
})

/** A node and its lease, before something becomes of the lease. */
function known(): OwnerGraph {
  const graph = new OwnerGraph()
  graph.apply(nodes, { type: 'added', object: node })
  assert.deepEqual(graph.apply(leases, { type: 'added', object: lease() }), ['lease'])
  return graph
}

const changes: readonly (readonly [what: string, to: Partial<ObjectMeta>, looks: readonly string[]])[] = [
  ['a heartbeat makes nothing worth a look', { resourceVersion: '2' }, []],
  [
    'another owner does',
    { ownerReferences: [...ownerReferences, { ...ownerReferences[0]!, uid: 'other' }] },
    ['lease'],
  ],
  ['a finalizer does', { finalizers: ['example.com/hold'] }, ['lease']],
  ['the beginning of the end does', { deletionTimestamp: '2026-01-01T00:00:00Z' }, ['lease']],
]
for (const [what, to, looks] of changes) {
  test(what, () => {
    const graph = known()
    const object = lease(to)
    assert.deepEqual(graph.apply(leases, { type: 'updated', object, previous: lease() }), looks)
    assert.equal(graph.get('lease')?.object, object)
    assert.deepEqual(
      graph.dependentsOf('node').map((one) => one.object),
      [object],
    )
  })
}
