import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ApiObject } from '../api-object.ts'
import { ObjectPool } from './object-pool.ts'

const pod = (name: string, spec: object): ApiObject =>
  structuredClone({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }) as ApiObject

const textsOf = (object: ApiObject): ReadonlyMap<string, string> => new Map([['spec', JSON.stringify(object['spec'])]])

const spec = {
  containers: [{ name: 'main', image: 'registry.example/app:1', ports: [{ containerPort: 80 }] }],
  volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
  restartPolicy: 'Always',
}

test('pods of one template share their specs, and keep the rest of it when one member changes', () => {
  const pool = new ObjectPool()
  const [one, two] = [pod('one', spec), pod('two', spec)].map((object) =>
    pool.shared(object, '1', { texts: textsOf(object) }),
  ) as [ApiObject, ApiObject]
  assert.equal(one['spec'], two['spec'])
  const changed = { ...one, spec: { ...(one['spec'] as typeof spec), nodeName: 'n' } }
  const placed = pool.shared(changed, '2', { before: one, texts: textsOf(changed) })
  assert.deepEqual(placed['spec'], { ...spec, nodeName: 'n' })
  assert.equal((placed['spec'] as typeof spec).containers, (one['spec'] as typeof spec).containers)
})

test('an object says through the pool what it said before, whatever version came before it', () => {
  const member = fc.jsonValue({ maxDepth: 3 })
  const anObject = fc.dictionary(fc.constantFrom('spec', 'status', 'data'), fc.oneof(member, fc.constant(spec)))
  fc.assert(
    fc.property(fc.array(anObject, { minLength: 1, maxLength: 6 }), (versions) => {
      const pool = new ObjectPool()
      let before: ApiObject | undefined
      for (const [index, members] of versions.entries()) {
        const object = structuredClone({ apiVersion: 'v1', kind: 'Thing', metadata: {}, ...members }) as ApiObject
        const text = JSON.stringify(object)
        const texts = new Map(Object.entries(members).map(([name, value]) => [name, JSON.stringify(value)]))
        const shared = pool.shared(object, String(index), { before, texts })
        assert.equal(shared.metadata.resourceVersion, String(index))
        assert.equal(JSON.stringify({ ...shared, metadata: {} }), text)
        before = shared
      }
    }),
  )
})
