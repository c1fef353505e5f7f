import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WaitingLine } from './waiting-line.ts'

test('everybody stands where a list would have them, whoever joins and leaves', () => {
  const aStep = fc.record({ joins: fc.boolean(), name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') })
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 40 }), (steps) => {
      const line = new WaitingLine()
      const list: string[] = []
      for (const { joins, name } of steps) {
        const place = list.indexOf(name)
        if (!joins) {
          line.delete(name)
          if (place >= 0) list.splice(place, 1)
        } else assert.equal(line.add(name), place >= 0 ? place : list.push(name) - 1)
        assert.deepEqual(line.names, list)
        assert.equal(line.size, list.length)
        for (const each of 'abcdef') assert.equal(line.placeOf(each) ?? -1, list.indexOf(each))
      }
    }),
  )
})
