import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '../objects/objects.ts'
import { fieldErrorText } from './field-errors.ts'
import { validateCreate, validateUpdate } from './validate.ts'

const core = { group: '', version: 'v1' }

function object(rest: object): KubernetesObject {
  return { apiVersion: 'v1', ...rest } as unknown as KubernetesObject
}

test('amounts under names that every object answers to are amounts like others', () => {
  const limits = { type: 'Container', max: { constructor: '1' }, min: { toString: '1' }, default: { valueOf: '1' } }
  const range = object({ kind: 'LimitRange', metadata: { name: 'l', namespace: 'd' }, spec: { limits: [limits] } })
  const texts = validateCreate({ ...core, kind: 'LimitRange' }, range).map(fieldErrorText)
  assert.match(texts.join(), /constructor/)
})

test('an API service without a name is told that it has none', () => {
  const kind = { group: 'apiregistration.k8s.io', version: 'v1', kind: 'APIService' }
  const unnamed = object({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: {}, spec: {} })
  assert.match(validateCreate(kind, unnamed).map(fieldErrorText).join(), /metadata\.name: Required value/)
})

test('finalizers of a changed object are held to the same rules as those of a new one', () => {
  const kind = { ...core, kind: 'ConfigMap' }
  const withFinalizers = (finalizers: readonly string[]): KubernetesObject =>
    object({ kind: 'ConfigMap', metadata: { name: 'c', namespace: 'd', resourceVersion: '1', uid: 'u', finalizers } })
  for (const finalizers of [['a/'], [''], ['orphan', 'foregroundDeletion']]) {
    const texts = validateUpdate(kind, withFinalizers(finalizers), withFinalizers([]), { subresource: '' })
    assert.notEqual(texts.length, 0)
    assert.deepEqual(texts, validateCreate(kind, withFinalizers(finalizers)))
  }
})
