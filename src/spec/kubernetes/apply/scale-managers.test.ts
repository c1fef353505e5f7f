import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Manager, managerIdentity, type Managers } from './managers.ts'
import { managersAfterScale, type ReplicasPath, scaleManagers } from './scale-managers.ts'

/** v1 has its replicas in `spec.size`, v2 in `spec.replicas`, v3 no scale. */
const pathOf: ReplicasPath = (apiVersion) => {
  if (apiVersion === 'x/v1') return ['spec', 'size']
  if (apiVersion === 'x/v2') return ['spec', 'replicas']
  return apiVersion === 'x/v3' ? null : undefined
}

type Row = readonly [manager: string, operation: 'Apply' | 'Update', apiVersion: string, ...names: string[]]

function managers(...rows: readonly Row[]): Managers {
  const entries = rows.map(([manager, operation, apiVersion, ...names]): Manager => {
    const fields = { 'f:spec': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) }
    return { manager, operation, apiVersion, subresource: '', time: `at ${manager}`, fields }
  })
  return new Map(entries.map((entry) => [managerIdentity(entry), entry]))
}

function shown(of: Managers): readonly string[] {
  return [...of.values()].map(({ manager, operation, apiVersion, time, fields }) =>
    [manager, operation, apiVersion, time ?? 'no time', ...Object.keys(fields['f:spec'] ?? {})].join(' '),
  )
}

const before = managers(
  ['a', 'Apply', 'x/v1', 'size', 'color'],
  ['b', 'Update', 'x/v2', 'replicas', 'color'],
  ['c', 'Update', 'x/v1', 'color'],
  ['d', 'Apply', 'x/v3', 'size'],
  ['e', 'Apply', 'x/v9', 'size'],
)

test('who owns the replicas in any version owns those of the scale', () => {
  assert.deepEqual(shown(scaleManagers(before, pathOf)), [
    'a Apply autoscaling/v1 at a f:replicas',
    'b Update autoscaling/v1 at b f:replicas',
  ])
})

test('a scale that was not changed leaves the managers as they were, but those of versions that are none', () => {
  const after = managersAfterScale({ before, scale: scaleManagers(before, pathOf) }, pathOf, 'x/v1')
  assert.deepEqual(
    shown(after),
    shown(before).filter((text) => !text.startsWith('e ')),
  )
})

test('who takes the replicas gets them under the name of the request’s version, and takes them from the others', () => {
  const scale = managers(['n', 'Update', 'autoscaling/v1', 'replicas'])
  assert.deepEqual(shown(managersAfterScale({ before, scale }, pathOf, 'x/v2')), [
    'a Apply x/v1 at a f:color',
    'b Update x/v2 at b f:color',
    'c Update x/v1 at c f:color',
    'd Apply x/v3 at d f:size',
    'n Update x/v2 no time f:replicas',
  ])
})

test('an applier of the scale is the applier of that name', () => {
  const scale = managers(['a', 'Apply', 'autoscaling/v1', 'replicas'])
  const after = managersAfterScale({ before: managers(['a', 'Apply', 'x/v2', 'color']), scale }, pathOf, 'x/v2')
  assert.deepEqual(shown(after), ['a Apply x/v2 at a f:color f:replicas'])
})
