import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiObject } from '../api-object.ts'
import { scaleOf } from './scale.ts'

function selectorOf(kind: string, selector: object): unknown {
  const object = { apiVersion: 'v1', kind, metadata: { name: 'x' }, spec: { selector }, status: {} }
  return (scaleOf(object as unknown as ApiObject)['status'] as { readonly selector?: string }).selector
}

test('a scale has its selector as text, ordered by key, with lists of one as lists', () => {
  const matchExpressions = [
    { key: 'b', operator: 'In', values: ['x'] },
    { key: 'a', operator: 'NotIn', values: ['z', 'y'] },
    { key: 'd', operator: 'Exists' },
  ]
  assert.equal(selectorOf('Deployment', { matchLabels: { c: '1' }, matchExpressions }), 'a notin (y,z),b in (x),c=1,d')
  assert.equal(selectorOf('ReplicationController', { b: '2', a: '1' }), 'a=1,b=2')
  assert.equal(selectorOf('Deployment', {}), undefined)
})
