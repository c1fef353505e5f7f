import assert from 'node:assert/strict'
import test from 'node:test'
import { SimClock } from '#world/sim/clock.ts'
import { createMemoryKeeper, releaseOnceGrown } from './keep-memory-small.ts'

function watch(): { clock: SimClock; keeper: ReturnType<typeof createMemoryKeeper>; releasedAt: number[] } {
  const clock = new SimClock()
  const releasedAt: number[] = []
  const keeper = createMemoryKeeper(clock, () => releasedAt.push(Math.floor(clock.monotonicMs())))
  return { clock, keeper, releasedAt }
}

test('memory is released once work has rested for a second', async () => {
  const { clock, keeper, releasedAt } = watch()
  for (let round = 0; round < 4; round += 1) {
    keeper.touch()
    await clock.advance(500)
  }
  assert.deepEqual(releasedAt, [])
  await clock.advance(60_000)
  assert.deepEqual(releasedAt, [2500])
})

test('work that comes again and again is not held up by more than one release in three seconds', async () => {
  const { clock, keeper, releasedAt } = watch()
  for (let round = 0; round < 6; round += 1) {
    keeper.touch()
    await clock.advance(1500)
  }
  await clock.advance(60_000)
  assert.deepEqual(releasedAt, [1000, 4000, 7000, 10_000])
})

test('after the first release a longer quiet may be asked for', async () => {
  const clock = new SimClock()
  const releasedAt: number[] = []
  using keeper = createMemoryKeeper(clock, () => releasedAt.push(Math.floor(clock.monotonicMs())), 10_000)
  keeper.touch()
  await clock.advance(5000)
  assert.deepEqual(releasedAt, [1000])
  for (let round = 0; round < 5; round += 1) {
    keeper.touch()
    await clock.advance(9000)
  }
  assert.deepEqual(releasedAt, [1000])
  await clock.advance(60_000)
  assert.deepEqual(releasedAt, [1000, 51_000])
})

test('after its end nothing is released', async () => {
  const { clock, keeper, releasedAt } = watch()
  keeper.touch()
  keeper[Symbol.dispose]()
  keeper.touch()
  await clock.advance(60_000)
  assert.deepEqual(releasedAt, [])
})

test('a release comes only when there is something to gain, and never to a program that it would hold up for long', () => {
  const at = { residentBytes: 100, heapBytes: 0, released: 0, dropped: 0 }
  const memory = {
    residentBytes: () => at.residentBytes,
    heapBytes: () => at.heapBytes,
    release: () => {
      at.released++
      at.residentBytes -= 20
    },
    dropProgramPages: () => void at.dropped++,
  }
  const release = releaseOnceGrown(memory, { grownBytesMin: 30, heapBytesMax: 500, programBytesKept: 0 })
  for (const [residentBytes, heapBytes, released] of [
    [100, 90, 1],
    [109, 90, 1],
    [110, 90, 2],
    [119, 90, 2],
    [1500, 501, 2],
    [1500, 500, 3],
  ] as const) {
    at.residentBytes = residentBytes
    at.heapBytes = heapBytes
    release()
    assert.deepEqual([at.released, at.dropped], [released, released], `at ${residentBytes}`)
  }
})
