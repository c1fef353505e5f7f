import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, secrets } from '#clients/kubernetes/resources.table.ts'
import type { ConfigMap } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { OwnerReference } from '#spec/kubernetes/objects/objects.ts'
import { type Bench, createBench } from '../bench.contract.ts'
import { startGarbageCollector } from './garbage-collector.ts'
import { type OwnerState, planCollection } from './plan-collection.ts'

const ref = (owner: ConfigMap, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: owner.metadata.name,
  uid: owner.metadata.uid ?? '',
  blockOwnerDeletion: true,
  ...more,
})
const map = (name: string, owners: readonly OwnerReference[] = [], more: object = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...(owners.length === 0 ? {} : { ownerReferences: owners }), ...more },
})
const names = (bench: Bench): string[] => bench.api.all(configMaps).map((object) => object.metadata.name)

async function started(): Promise<Bench> {
  const bench = createBench()
  bench.start(startGarbageCollector)
  await bench.pass(100)
  return bench
}

test('what becomes of an object follows from the states of its owners', () => {
  const one = map('one', [], { uid: 'one' })
  const two = map('two', [], { uid: 'two' })
  const child = { resource: configMaps, object: map('child', [ref(one), ref(two)], { uid: 'child' }) }
  const rows: [OwnerState, OwnerState, string[]][] = [
    ['solid', 'solid', []],
    ['solid', 'absent', ['patch']],
    ['solid', 'waiting', ['patch']],
    ['absent', 'absent', ['delete Background']],
    ['absent', 'waiting', ['delete Background']],
    ['unknown', 'unknown', []],
    ['unknown', 'absent', ['patch']],
    ['elsewhere', 'absent', ['delete Background']],
  ]
  for (const [a, b, want] of rows) {
    const owners = [
      { reference: ref(one), state: a },
      { reference: ref(two), state: b },
    ]
    const actions = planCollection({ node: child, owners, dependents: [] }).actions ?? []
    assert.deepEqual(
      actions.map((action) => (action.do === 'delete' ? `delete ${action.propagationPolicy}` : action.do)),
      want,
      `${a} ${b}`,
    )
  }
})

test('deleting an owner takes its dependents, and theirs', async () => {
  await using bench = await started()
  const parent = await bench.api.create(configMaps, map('parent'))
  const child = await bench.api.create(configMaps, map('child', [ref(parent)]))
  await bench.api.create(configMaps, map('grandchild', [ref(child)]))
  await bench.api.create(configMaps, map('other'))
  await bench.pass(100)
  await bench.api.delete(configMaps, 'parent', { namespace: 'default' })
  await bench.pass(1000)
  assert.deepEqual(names(bench), ['other'])
})

test('in the foreground the owner goes last', async () => {
  await using bench = await started()
  const parent = await bench.api.create(configMaps, map('parent'))
  const child = await bench.api.create(configMaps, map('child', [ref(parent)]))
  await bench.api.create(configMaps, map('grandchild', [ref(child)]))
  await bench.pass(100)
  await bench.api.delete(configMaps, 'parent', { namespace: 'default', propagationPolicy: 'Foreground' })
  await bench.pass(1000)
  assert.deepEqual(names(bench), [])
  const ends = bench.api.writes.filter((write) => /^(finish|delete)/.test(write))
  assert.deepEqual(ends.slice(-3), [
    'delete configmaps default/grandchild',
    'finish configmaps default/child',
    'finish configmaps default/parent',
  ])
})

test('orphaned dependents stay and forget their owner', async () => {
  await using bench = await started()
  const parent = await bench.api.create(configMaps, map('parent'))
  await bench.api.create(configMaps, map('child', [ref(parent)]))
  await bench.pass(100)
  await bench.api.delete(configMaps, 'parent', { namespace: 'default', propagationPolicy: 'Orphan' })
  await bench.pass(1000)
  assert.deepEqual(names(bench), ['child'])
  assert.equal(bench.api.all(configMaps)[0]?.metadata.ownerReferences, undefined)
})

test('objects that own each other in a circle can be deleted', async () => {
  await using bench = await started()
  const one = await bench.api.create(configMaps, map('one'))
  const two = await bench.api.create(configMaps, map('two', [ref(one)]))
  const three = await bench.api.create(configMaps, map('three', [ref(two)]))
  await bench.put(configMaps, { metadata: { name: 'one', namespace: 'default', ownerReferences: [ref(three)] } })
  await bench.pass(100)
  await bench.api.delete(configMaps, 'one', { namespace: 'default', propagationPolicy: 'Foreground' })
  await bench.pass(5000)
  assert.deepEqual(names(bench), [])
})

test('an owner that never was is absent; one of an unknown kind holds its dependent', async () => {
  await using bench = await started()
  const ghost = map('ghost', [], { uid: 'never' })
  await bench.api.create(configMaps, map('child', [ref(ghost)]))
  await bench.api.create(configMaps, map('kept', [ref(ghost, { apiVersion: 'example.com/v1', kind: 'Widget' })]))
  await bench.pass(1000)
  assert.deepEqual(names(bench), ['kept'])
})

test('an owner of another namespace is none, and an event says so', async () => {
  await using bench = await started()
  const parent = await bench.api.create(configMaps, {
    ...map('parent'),
    metadata: { name: 'parent', namespace: 'other' },
  })
  await bench.pass(100)
  await bench.api.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'child', namespace: 'default', ownerReferences: [ref(parent)] },
  })
  await bench.pass(1000)
  assert.equal(bench.api.all(secrets).length, 0)
  assert.match(
    bench.told()[0] ?? '',
    /^OwnerRefInvalidNamespace: ownerRef \[v1\/ConfigMap, namespace: default, name: parent, uid: .*\] does not exist in namespace "default"$/,
  )
})
