import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaPart, withSchemaParts } from './remote-schemas.ts'

const ref = (name: string): object => ({ $ref: `#/definitions/${name}` })
const remote = {
  paths: {
    '/apis/a.b/v1': { get: 1 },
    '/apis/a.b/v1/things': { get: { schema: ref('Thing') } },
    '/apis/a.b/v10/things': { get: { schema: ref('Other') } },
    '/api/v1/pods': { get: { schema: ref('Pod') } },
  },
  definitions: {
    Thing: { properties: { meta: ref('Meta'), self: ref('Thing') } },
    Meta: { type: 'object' },
    Other: {},
    Pod: {},
  },
}

test('of a server’s document the paths of one group version are taken, and what they refer to', () => {
  const part = schemaPart(remote, 'a.b', 'v1')
  assert.deepEqual(Object.keys(part.paths), ['/apis/a.b/v1', '/apis/a.b/v1/things'])
  assert.deepEqual(Object.keys(part.definitions).toSorted(), ['Meta', 'Thing'])
  for (const nonsense of [undefined, null, [], 'x', { paths: 1 }, { paths: { '/apis/a.b/v1': ref('Gone') } }])
    assert.deepEqual(schemaPart(nonsense, 'a.b', 'v1').definitions, {})
})

test('definitions are shared where they are the same, and get another name where they are not', () => {
  const own = {
    swagger: '2.0',
    paths: { '/apis/a.b/v1': { get: 'own' } },
    definitions: { Meta: { type: 'object' }, Thing: { type: 'string' }, Thing_v2: {} },
  }
  const whole = withSchemaParts(own, [schemaPart(remote, 'a.b', 'v1')])
  assert.deepEqual(whole, {
    swagger: '2.0',
    paths: { '/apis/a.b/v1': { get: 'own' }, '/apis/a.b/v1/things': { get: { schema: ref('Thing_v3') } } },
    definitions: {
      ...own.definitions,
      Thing_v3: { properties: { meta: ref('Meta'), self: ref('Thing_v3') } },
    },
  })
  assert.equal(withSchemaParts(own, []), own)
})
