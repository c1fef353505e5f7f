import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { BoundedQueue, type WhenFull } from './bounded-queue.ts'

test('each policy does what its name says when the queue is full', async () => {
  const rows: [WhenFull, number[], number][] = [
    ['drop-oldest', [2, 3], 1],
    ['drop-newest', [1, 2], 1],
  ]
  for (const [whenFull, kept, dropped] of rows) {
    const queue = new BoundedQueue<number>({ capacity: 2, whenFull })
    for (const item of [1, 2, 3]) await queue.put(item)
    assert.deepEqual([queue.poll(), queue.poll()], kept)
    assert.equal(queue.dropped, dropped)
  }
  const refusing = new BoundedQueue<number>({ capacity: 1, whenFull: 'reject' })
  await refusing.put(1)
  await assert.rejects(refusing.put(2), (error) => isErrorKind(error, 'exhausted'))
})

test('a waiting producer goes on when there is room, in order', async () => {
  const queue = new BoundedQueue<number>({ capacity: 1, whenFull: 'wait' })
  await queue.put(1)
  const waiting = [queue.put(2), queue.put(3)]
  assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], [1, 2, 3])
  await Promise.all(waiting)
})

test('closing lets consumers finish and fails producers', async () => {
  const queue = new BoundedQueue<number>({ capacity: 1, whenFull: 'wait' })
  await queue.put(1)
  const late = queue.put(2)
  queue.close()
  await assert.rejects(late, (error) => isErrorKind(error, 'unavailable'))
  const got: number[] = []
  for await (const item of queue) got.push(item)
  assert.deepEqual(got, [1])
  assert.equal(await queue.take(), undefined)
  assert.equal(queue.offer(3), false)
})

test('an aborted wait leaves no trace', async () => {
  const queue = new BoundedQueue<number>({ capacity: 1, whenFull: 'wait' })
  const abort = new AbortController()
  const taking = queue.take(abort.signal)
  abort.abort(new Error('stop'))
  await assert.rejects(taking, /stop/)
  assert.equal(queue.offer(1), true)
  assert.equal(await queue.take(), 1)
})

test('whatever the mix of puts and takes, items come out once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 200 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, capacity) => {
        const queue = new BoundedQueue<number>({ capacity, whenFull: 'wait' })
        const puts: Promise<void>[] = []
        const takes: Promise<number | undefined>[] = []
        for (const [index, isPut] of steps.entries()) {
          if (isPut) puts.push(queue.put(index))
          else takes.push(queue.take())
        }
        const count = Math.min(puts.length, takes.length)
        const got = await Promise.all(takes.slice(0, count))
        const want = [...steps.entries()]
          .filter(([, isPut]) => isPut)
          .map(([index]) => index)
          .slice(0, count)
        assert.deepEqual(got, want)
        queue.close()
        await Promise.allSettled([...puts, ...takes])
      },
    ),
  )
})

test('an iterating consumer sees everything that is put', async () => {
  const queue = new BoundedQueue<number>({ capacity: 3, whenFull: 'wait' })
  const got: number[] = []
  const reading = (async () => {
    for await (const item of queue) got.push(item)
  })()
  for (let item = 0; item < 300; item++) await queue.put(item)
  queue.close()
  await reading
  assert.deepEqual(
    got,
    Array.from({ length: 300 }, (_, index) => index),
  )
})
