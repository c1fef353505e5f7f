import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SortedPlaces } from './sorted-places.ts'

const inOrder = (places: Iterable<string>): string[] => Array.from(places).sort((a, b) => (a < b ? -1 : 1))

test('places come in order, whatever order they came and went in', () => {
  const place = fc.string({ minLength: 1, maxLength: 3 })
  const step = fc.record({ kind: fc.constantFrom('load', 'add', 'remove', 'read'), place })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), place, (steps, start) => {
      const places = new SortedPlaces()
      const expected = new Set<string>()
      for (const { kind, place: text } of steps) {
        if (kind === 'read') assert.deepEqual([...places.from('')], inOrder(expected))
        if (kind === 'remove' && expected.delete(text)) places.remove(text)
        if ((kind === 'load' || kind === 'add') && !expected.has(text)) {
          expected.add(text)
          places[kind](text)
        }
      }
      const rest = inOrder(expected).filter((text) => text >= start)
      assert.deepEqual([...places.from(start)], rest)
    }),
  )
})

test('thousands of places stay in order through cuts of blocks', () => {
  const places = new SortedPlaces()
  const expected = Array.from(
    { length: 5000 },
    (_, index) => `ns/pod-${String((index * 7919) % 5000).padStart(4, '0')}`,
  )
  for (const place of expected) places.add(place)
  assert.deepEqual([...places.from('')], inOrder(expected))
  for (const place of expected.filter((_, index) => index % 3 !== 0)) places.remove(place)
  const left = inOrder(expected.filter((_, index) => index % 3 === 0))
  assert.deepEqual([...places.from('')], left)
  assert.deepEqual(places.from(left[1000] ?? '').next().value, left[1000])
  for (const place of left) places.remove(place)
  assert.deepEqual([...places.from('')], [])
})
