import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bothWithoutNulls, withoutNulls } from './without-nulls.ts'

const member = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom({ a: null }, [{ b: null, c: 1 }], null))
const object = fc.dictionary(fc.constantFrom('metadata', 'spec', 'status', 'data'), member, { noNullPrototype: true })

test('two versions are read as each is alone, whatever they share', () => {
  fc.assert(
    fc.property(object, object, fc.subarray(['metadata', 'spec', 'status', 'data']), (one, old, shared) => {
      const kept = Object.entries(old).filter(([name]) => shared.includes(name))
      const next = { ...one, ...Object.fromEntries(kept) }
      const before = JSON.stringify([next, old])
      assert.deepEqual(bothWithoutNulls(next, old), [withoutNulls(next), withoutNulls(old)])
      assert.equal(JSON.stringify([next, old]), before)
    }),
  )
})

test('what two versions share stays shared', () => {
  const spec = { a: null, b: 1 }
  const [next, old] = bothWithoutNulls({ spec, status: { c: 1 } }, { spec, status: { c: 2 } })
  assert.deepEqual(next.spec, { b: 1 })
  assert.equal(next.spec, old.spec)
})
