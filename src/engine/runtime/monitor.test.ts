import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import test from 'node:test'
import { SyncPipe, collectText } from './monitor.ts'

test('messages come one a line, however they are cut', async () => {
  const stream = new PassThrough()
  const pipe = new SyncPipe(stream)
  const first = pipe.next()
  stream.write('{"da')
  stream.write('ta":42}\n{"data":-1,"message":"no"}\n')
  assert.deepEqual(await first, { data: 42 })
  assert.deepEqual(await pipe.next(), { data: -1, message: 'no' })
  stream.end()
  await pipe.ended
  assert.equal(await pipe.next(), undefined)
})

test('a monitor that ends without a word wakes everybody who waits', async () => {
  const stream = new PassThrough()
  const pipe = new SyncPipe(stream)
  const waiting = [pipe.next(), pipe.next()]
  stream.end()
  assert.deepEqual(await Promise.all(waiting), [undefined, undefined])
})

test('what is no message is no success', async () => {
  for (const line of ['hello', '7', 'null', '{"data":"42"}', '{}']) {
    const stream = new PassThrough()
    const pipe = new SyncPipe(stream)
    stream.end(`${line}\n`)
    assert.deepEqual(await pipe.next(), { data: -1, message: line })
  }
})

test('complaints are kept up to a bound', async () => {
  const stream = new PassThrough()
  const text = collectText(stream)
  stream.write(' oops \n')
  for (let index = 0; index < 100; index += 1) stream.write('x'.repeat(1000))
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(text().startsWith('oops'))
  assert.ok(text().length < 20_000)
  assert.equal(collectText(undefined)(), '')
})
