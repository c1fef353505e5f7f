import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesSelector, type Requirement } from '#base/data/label-selector.ts'
import { Collection } from './collection.ts'
import { StoredObject } from './stored-object.ts'

const labelsOf = fc.dictionary(fc.constantFrom('a', 'b', 'toString'), fc.constantFrom('', '1', '2'))
const change = fc.record({ place: fc.integer({ min: 0, max: 400 }), labels: fc.option(labelsOf, { nil: undefined }) })
const requirement: fc.Arbitrary<Requirement> = fc.record({
  key: fc.constantFrom('a', 'b', 'toString', 'none'),
  operator: fc.constantFrom('in', 'notin', 'exists', '!'),
  values: fc.array(fc.constantFrom('', '1', '2'), { minLength: 1, maxLength: 2 }),
})

function put(collection: Collection, place: string, labels: Record<string, string>): void {
  const value = { kind: 'Pod', apiVersion: 'v1', metadata: { name: place, resourceVersion: '', labels } }
  collection.put(new StoredObject(place, { bytes: Buffer.from(JSON.stringify(value)), revision: 1 }))
}

test('selecting by label finds what looking at every object finds, in the same order', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 60 }),
      fc.array(requirement, { maxLength: 3 }),
      (changes, requirements) => {
        const collection = new Collection('/pods', 0)
        for (let index = 0; index < 300; index++) put(collection, `n/${index}`, { a: String(index % 7) })
        const found = (): string[] =>
          Array.from(collection.selected(requirements, 'n/'))
            .filter(({ labels }) => matchesSelector(requirements, labels))
            .map(({ place }) => place)
        const wanted = (): string[] =>
          Array.from(collection.range('n/'))
            .filter(({ labels }) => matchesSelector(requirements, labels))
            .map(({ place }) => place)
        assert.deepEqual(found(), wanted())
        for (const { place, labels } of changes) {
          if (labels === undefined) collection.remove(`n/${place}`, 2)
          else put(collection, `n/${place}`, labels)
        }
        assert.deepEqual(found(), wanted())
      },
    ),
    { numRuns: 50 },
  )
})
