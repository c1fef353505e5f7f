import assert from 'node:assert/strict'
import test from 'node:test'
import { reasonOfRefusal } from './refused-words.ts'

test('what the stock client has and this one has not is refused with a reason and a way', () => {
  for (const word of ['trust', 'secret', 'config', 'swarm', 'manifest', 'buildx'])
    assert.match(reasonOfRefusal(word) ?? '', /; /, word)
})

test('words that never were commands have no reason', () => {
  for (const word of ['nosuch', '', 'constructor']) assert.equal(reasonOfRefusal(word), undefined)
})
