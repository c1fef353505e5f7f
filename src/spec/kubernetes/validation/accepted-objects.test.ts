import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeTree } from '../decode/decode-object.ts'
import { Defaulter } from '../defaults/apply-defaults.ts'
import type { KubernetesObject } from '../objects/objects.ts'
import { parseGroupVersion, typeOfKind } from '../schema/kinds.ts'
import { acceptedObjects } from './accepted-objects.table.ts'
import { fieldErrorText } from './field-errors.ts'
import { validateCreate, validateUpdate } from './validate.ts'

const defaulter = new Defaulter()

for (const object of acceptedObjects) {
  const { apiVersion, kind, metadata } = object as { apiVersion: string; kind: string; metadata: { name: string } }
  test(`the ${apiVersion} ${kind} ${metadata.name} is accepted, and may be written again as it is`, () => {
    const type = typeOfKind(apiVersion, kind)
    assert.ok(type)
    const placed = { ...object, metadata: { resourceVersion: '1', ...metadata } }
    const value = defaulter.apply(decodeTree(placed, type).value, type, { now: '2026-01-01T00:00:00Z' })
    const whole = value as unknown as KubernetesObject
    const name = { ...parseGroupVersion(apiVersion), kind }
    assert.deepEqual(validateCreate(name, whole).map(fieldErrorText), [])
    assert.deepEqual(validateUpdate(name, whole, whole).map(fieldErrorText), [])
    assert.deepEqual(validateUpdate(name, whole, whole, { subresource: 'status' }).map(fieldErrorText), [])
  })
}
