import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Semaphore } from './semaphore.ts'

test('no more run at once than there are permits, and waiters go first come, first served', async () => {
  const semaphore = new Semaphore(2)
  const order: number[] = []
  let running = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      semaphore.run(async () => {
        most = Math.max(most, ++running)
        order.push(index)
        await Promise.resolve()
        running--
      }),
    ),
  )
  assert.equal(most, 2)
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal(semaphore.free, 2)
})

test('giving a permit back twice gives it back once', async () => {
  const semaphore = new Semaphore(1)
  const permit = await semaphore.acquire()
  assert.equal(semaphore.tryAcquire(), undefined)
  permit[Symbol.dispose]()
  permit[Symbol.dispose]()
  assert.equal(semaphore.free, 1)
})

test('a waiter that aborts does not keep the permit from the next', async () => {
  const semaphore = new Semaphore(1)
  const first = await semaphore.acquire()
  const abort = new AbortController()
  const second = semaphore.acquire(abort.signal)
  const third = semaphore.acquire()
  abort.abort(new Error('stop'))
  await assert.rejects(second, /stop/)
  first[Symbol.dispose]()
  using _permit = await third
  assert.equal(semaphore.waiting, 0)
})
