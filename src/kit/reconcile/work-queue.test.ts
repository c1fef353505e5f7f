import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VirtualClock } from './virtual-clock.contract.ts'
import { WorkQueue } from './work-queue.ts'

test('a key is handed out once however often it is added, and again when it was added meanwhile', async () => {
  using queue = new WorkQueue({ clock: new VirtualClock() })
  queue.add('a')
  queue.add('a')
  assert.equal(queue.size, 1)
  assert.equal(await queue.take(), 'a')
  queue.add('a')
  assert.equal(queue.size, 0)
  queue.done('a')
  assert.equal(await queue.take(), 'a')
  queue.done('a')
  assert.equal(queue.size, 0)
})

test('retries wait twice as long each time until the key does well', async () => {
  const clock = new VirtualClock()
  using queue = new WorkQueue({ clock, retryFirstMs: 10, retryMostMs: 40 })
  const waits: number[] = []
  for (let round = 0; round < 4; round++) {
    const began = clock.monotonicMs()
    queue.retry('a')
    while (queue.size === 0) await clock.advance(1)
    waits.push(clock.monotonicMs() - began)
    queue.done((await queue.take()) ?? '')
  }
  assert.deepEqual(waits, [10, 20, 40, 40])
  queue.forget('a')
  queue.retry('a')
  await clock.advance(10)
  assert.equal(queue.size, 1)
})

test('of several delays the earliest counts', async () => {
  const clock = new VirtualClock()
  using queue = new WorkQueue({ clock })
  queue.addAfter('a', 100)
  queue.addAfter('a', 10)
  queue.addAfter('a', 50)
  await clock.advance(10)
  assert.equal(await queue.take(), 'a')
  queue.done('a')
  await clock.advance(1000)
  assert.equal(queue.size, 0)
})

test('a disposed queue hands out nothing and frees who waits', async () => {
  const queue = new WorkQueue({ clock: new VirtualClock() })
  const waiting = queue.take()
  queue[Symbol.dispose]()
  queue.add('a')
  assert.deepEqual([await waiting, await queue.take(), queue.size], [undefined, undefined, 0])
})

test('no key is ever worked on twice at once, and none that was added is left', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('add', 'done')), { maxLength: 60 }),
      async (steps) => {
        using queue = new WorkQueue({ clock: new VirtualClock() })
        const busy = new Set<string>()
        const owed = new Set<string>()
        for (const [key, step] of steps) {
          if (step === 'add') {
            queue.add(key)
            owed.add(key)
          } else if (busy.delete(key)) queue.done(key)
          while (queue.size > 0) {
            const taken = (await queue.take()) ?? ''
            assert.equal(busy.has(taken), false)
            busy.add(taken)
            owed.delete(taken)
          }
        }
        for (const key of busy) queue.done(key)
        while (queue.size > 0) owed.delete((await queue.take()) ?? '')
        assert.deepEqual([...owed], [])
      },
    ),
  )
})

test('a key that was worked on rests: what is added meanwhile is handed out together, once, and what comes later at once', async () => {
  const clock = new VirtualClock()
  using queue = new WorkQueue({ clock, restMs: 20 })
  queue.add('a')
  queue.done((await queue.take()) ?? '')
  for (let change = 0; change < 5; change++) {
    queue.add('a')
    queue.add('b')
    await clock.advance(3)
  }
  assert.equal(queue.size, 1, 'another key does not wait for it')
  assert.equal(await queue.take(), 'b')
  assert.equal(queue.size, 0)
  await clock.advance(5)
  assert.equal(await queue.take(), 'a')
  queue.done('a')
  await clock.advance(20)
  assert.equal(queue.size, 0)
  queue.add('a')
  assert.equal(await queue.take(), 'a')
})
