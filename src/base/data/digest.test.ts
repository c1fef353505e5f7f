import assert from 'node:assert/strict'
import test from 'node:test'
import { createDigestStream, digestOf } from './digest.ts'

test('a running digest can be read on the way and goes on', () => {
  const stream = createDigestStream()
  stream.update('one')
  assert.equal(stream.soFar(), digestOf('one'))
  stream.update(Buffer.from(' two'))
  assert.equal(stream.soFar(), digestOf('one two'))
  assert.equal(stream.finish(), digestOf('one two'))
  assert.equal(stream.sizeBytes, 7)
})
