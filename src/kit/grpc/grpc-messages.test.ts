import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GrpcFailure } from './grpc-failure.ts'
import { framed, MessageAssembler } from './grpc-messages.ts'

test('messages come out whole and in order however their bytes are cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.integer({ min: 1, max: 17 })), (sent, sizes) => {
      const wire = Buffer.concat(sent.map(framed))
      const assembler = new MessageAssembler(100)
      const received: Buffer[] = []
      for (let at = 0; at < wire.length;) {
        const size = sizes.next().value as number
        received.push(...assembler.take(wire.subarray(at, at + size)))
        at += size
      }
      assert.deepEqual(
        received.map((message) => [...message]),
        sent.map((message) => [...message]),
      )
      assert.equal(assembler.isMidway, false)
    }),
  )
})

test('a message beyond the limit or a compressed one is refused before it is held', () => {
  const refused = (error: unknown): boolean => error instanceof GrpcFailure
  assert.throws(() => new MessageAssembler(10).take(framed(new Uint8Array(11)).subarray(0, 5)), refused)
  assert.throws(() => new MessageAssembler(10).take(Buffer.from([1, 0, 0, 0, 1, 0])), refused)
})
