import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ValuePool } from './value-pool.ts'

const copy = <T>(value: T): T => structuredClone(value)

test('equal values become one, and so do the equal parts of values that differ', () => {
  const pool = new ValuePool()
  const pod = {
    containers: [{ name: 'main', image: 'a:1', ports: [{ containerPort: 80 }] }],
    tolerations: [],
    priority: 0,
    hostNetwork: true,
  }
  const first = pool.share(copy(pod)) as typeof pod
  assert.equal(pool.share(copy(pod)), first)
  const other = pool.share({ ...copy(pod), nodeName: 'n-1' }) as typeof pod
  assert.notEqual(other, first)
  assert.equal(other.containers, first.containers)
  assert.equal(other.tolerations, first.tolerations)
  assert.deepEqual(other, { ...pod, nodeName: 'n-1' })
})

test('what is written in another order, of another type or longer is something else', () => {
  const pool = new ValuePool()
  const values = [
    { a: 'x', b: 'y' },
    { b: 'y', a: 'x' },
    ['x', 'y'],
    ['x'],
    {},
    [],
    { a: 1 },
    { a: true },
    { a: null },
    { a: '1' },
  ]
  const shared = values.map((value) => pool.share(copy(value)))
  assert.deepEqual(shared, values)
  assert.deepEqual(
    shared.map((value) => JSON.stringify(value)),
    values.map((value) => JSON.stringify(value)),
  )
  assert.equal(new Set(shared).size, values.length)
})

test('frozen values stay as they are', () => {
  const pool = new ValuePool()
  const text = 'a text'
  pool.share({ text })
  const frozen = Object.freeze({ text: Buffer.from(text).toString() })
  assert.deepEqual(pool.share(frozen), { text })
})

test('a value of any shape and depth comes back equal, however full the pool is', () => {
  const pool = new ValuePool()
  const values = fc.jsonValue({ maxDepth: 6 })
  fc.assert(
    fc.property(fc.array(values, { maxLength: 20 }), (list) => {
      for (const value of list) {
        const text = JSON.stringify(value)
        assert.equal(JSON.stringify(pool.share(JSON.parse(text))), text)
      }
    }),
    { numRuns: 2000 },
  )
  let deep: unknown = 'x'
  for (let depth = 0; depth < 5000; depth++) deep = { deep }
  assert.equal(pool.share(deep), deep)
})
