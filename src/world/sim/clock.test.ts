import assert from 'node:assert/strict'
import test from 'node:test'
import { clockContract } from '#world/ports/clock.contract.ts'
import { SimClock } from './clock.ts'
import { createSeededRandom } from './random.ts'

clockContract('virtual time', () => {
  const clock = new SimClock()
  return { clock, pass: (ms) => clock.advance(ms) }
})

test('days pass in no time, and everything due on the way happens at its instant', async () => {
  const clock = new SimClock({ startMs: 0 })
  const hours: number[] = []
  const tick = (): void => {
    hours.push(clock.monotonicMs() / 3_600_000)
    clock.setTimer(3_600_000, tick)
  }
  clock.setTimer(3_600_000, tick)
  await clock.advance(3 * 86_400_000)
  assert.equal(hours.length, 72)
  assert.deepEqual(hours.slice(0, 3), [1, 2, 3])
})

test('everything that an instant leads to happens before time moves', async () => {
  const clock = new SimClock()
  const seen: string[] = []
  void (async () => {
    await clock.sleep(10)
    for (let step = 0; step < 50; step++) await Promise.resolve()
    seen.push(`consequence at ${clock.monotonicMs()}`)
  })()
  clock.setTimer(11, () => seen.push('later'))
  await clock.advance(20)
  assert.deepEqual(seen, ['consequence at 10', 'later'])
})

test('no two readings of the wall clock within an instant are the same', () => {
  const clock = new SimClock()
  const readings = Array.from({ length: 100 }, () => clock.now())
  assert.equal(new Set(readings).size, 100)
})

test('timers of one instant run in an order that the seed decides', async () => {
  const orderOf = async (seed: number): Promise<string> => {
    const clock = new SimClock({ order: createSeededRandom(seed) })
    const ran: number[] = []
    for (let index = 0; index < 8; index++) clock.setTimer(5, () => ran.push(index))
    await clock.advance(5)
    return ran.join('')
  }
  assert.equal(await orderOf(1), await orderOf(1))
  assert.notEqual(await orderOf(1), await orderOf(2))
})

test('thousands of timers that were disposed neither run nor put others out of order', async () => {
  const clock = new SimClock({ order: createSeededRandom(7) })
  const ran: number[] = []
  const guards: Disposable[] = []
  for (let round = 0; round < 3000; round++) {
    guards.push(clock.setTimer(3000 + (round % 7), () => ran.push(-1)))
    if (round % 100 === 0) clock.setTimer(5000 - round, () => ran.push(5000 - round))
    if (round % 3 !== 0) guards.pop()?.[Symbol.dispose]()
  }
  for (const guard of guards) {
    guard[Symbol.dispose]()
    guard[Symbol.dispose]()
  }
  await clock.advance(10_000)
  assert.deepEqual(
    ran,
    Array.from({ length: 30 }, (_, index) => 2100 + 100 * index),
  )
  assert.equal(clock.nextTimerMs(), undefined)
})
