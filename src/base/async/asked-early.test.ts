import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedEarly } from './asked-early.ts'

test('the first item is asked for before anybody reads, and every item comes once', async () => {
  let asked = 0
  async function* source(): AsyncGenerator<number> {
    while (asked < 3) yield asked++
  }
  const early = askedEarly(source())
  await Promise.resolve()
  assert.equal(asked, 1)
  const items: number[] = []
  for await (const item of early) items.push(item)
  assert.deepEqual(items, [0, 1, 2])
})

test('a failure waits for the reader, and leaving ends the source', async () => {
  async function* failing(): AsyncGenerator<number> {
    await Promise.reject(new Error('no source'))
    yield 1
  }
  const early = askedEarly(failing())
  await new Promise((resolve) => setImmediate(resolve))
  await assert.rejects(early.next(), /no source/)
  let ended = false
  async function* endless(): AsyncGenerator<number> {
    try {
      for (;;) yield 1
    } finally {
      ended = true
    }
  }
  for await (const item of askedEarly(endless())) if (item === 1) break
  assert.ok(ended)
})
