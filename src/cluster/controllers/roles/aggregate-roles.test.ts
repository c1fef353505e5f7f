import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterRoles } from '#clients/kubernetes/resources.table.ts'
import type { ClusterRole } from '#spec/kubernetes/objects/rbac-v1.generated.ts'
import { createBench } from '../bench.contract.ts'
import { aggregatedRules, planAggregation, startRoleAggregation } from './aggregate-roles.ts'

const rule = (resource: string): { apiGroups: string[]; resources: string[]; verbs: string[] } => ({
  apiGroups: [''],
  resources: [resource],
  verbs: ['get'],
})
const role = (name: string, resources: readonly string[], more: object = {}): ClusterRole =>
  ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels: { to: 'view' } },
    rules: resources.map(rule),
    ...more,
  }) as ClusterRole
const aggregate = (name: string, ...labels: readonly object[]): ClusterRole =>
  role(name, [], { aggregationRule: { clusterRoleSelectors: labels.map((matchLabels) => ({ matchLabels })) } })

test('an aggregating role holds each rule of those it selects once, in order of their names', () => {
  const all = [
    role('b', ['pods', 'services']),
    role('a', ['pods', 'nodes']),
    role('other', ['x'], { metadata: { name: 'other' } }),
  ]
  const names = (of: ClusterRole): (string | undefined)[] =>
    aggregatedRules(of, all).map(({ resources }) => resources?.[0])
  assert.deepEqual(names(aggregate('view', { to: 'view' })), ['pods', 'nodes', 'services'])
  assert.deepEqual(names(aggregate('nothing')), [])
  assert.deepEqual(names(aggregate('a', { to: 'view' })), ['pods', 'services'])
  assert.deepEqual(planAggregation(role('plain', ['pods']), all), {})
  const done = { ...aggregate('view', { to: 'view' }), rules: ['pods', 'nodes', 'services'].map(rule) }
  assert.deepEqual(planAggregation(done, all), {})
})

test('rules follow roles that come, change and go', async () => {
  await using bench = createBench()
  bench.start(startRoleAggregation)
  const rules = (): string[] =>
    (bench.api.all(clusterRoles).find(({ metadata }) => metadata.name === 'view')?.rules ?? []).flatMap(
      ({ resources }) => resources ?? [],
    )
  await bench.api.create(clusterRoles, aggregate('view', { to: 'view' }))
  await bench.api.create(clusterRoles, role('a', ['pods']))
  await bench.pass(100)
  assert.deepEqual(rules(), ['pods'])
  await bench.put(clusterRoles, role('a', ['nodes']))
  await bench.pass(100)
  assert.deepEqual(rules(), ['nodes'])
  await bench.api.delete(clusterRoles, 'a')
  await bench.pass(100)
  assert.deepEqual(rules(), [])
})
