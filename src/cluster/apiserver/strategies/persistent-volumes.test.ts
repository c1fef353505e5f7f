import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiObject, textAt } from '../api-object.ts'
import { persistentVolumeClaimStrategy, persistentVolumeStrategy } from './persistent-volumes.ts'
import type { StrategyContext } from './strategy.ts'

const now = '2026-01-01T00:00:00Z'
const before = '2025-01-01T00:00:00Z'
const context = { view: { now: () => now } } as unknown as StrategyContext

function volume(status: object): ApiObject {
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v' }, status }
}

test('a volume remembers since when it is in its phase, unless the client says when', () => {
  const old = volume({ phase: 'Available', lastPhaseTransitionTime: before })
  const rows: readonly (readonly [object, string])[] = [
    [{ phase: 'Available' }, before],
    [{ phase: 'Bound' }, now],
    [{ phase: 'Bound', lastPhaseTransitionTime: before }, now],
    [{ phase: 'Bound', lastPhaseTransitionTime: '2025-06-01T00:00:00Z' }, '2025-06-01T00:00:00Z'],
  ]
  for (const [status, time] of rows) {
    const next = persistentVolumeStrategy.prepareStatusUpdate?.(volume(status), old, context)
    assert.equal(textAt(next, 'status', 'lastPhaseTransitionTime'), time)
  }
})

test('the two ways to say where a claim’s data comes from agree', () => {
  const sources = (spec: object): unknown => {
    const claim: ApiObject = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec }
    return persistentVolumeClaimStrategy.prepareCreate?.(claim, context)['spec']
  }
  const own = { kind: 'PersistentVolumeClaim', name: 'x' }
  const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' }
  const other = { apiGroup: 'example.com', kind: 'Image', name: 'i' }
  const elsewhere = { ...other, namespace: 'far' }
  assert.deepEqual(sources({}), {})
  assert.deepEqual(sources({ dataSource: own }), { dataSource: own, dataSourceRef: own })
  assert.deepEqual(sources({ dataSource: snapshot }), { dataSource: snapshot, dataSourceRef: snapshot })
  assert.deepEqual(sources({ dataSource: other }), {})
  assert.deepEqual(sources({ dataSourceRef: other }), { dataSource: other, dataSourceRef: other })
  assert.deepEqual(sources({ dataSourceRef: elsewhere }), { dataSourceRef: elsewhere })
})
