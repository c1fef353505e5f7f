/** What every Clock must do; `make` gives a fresh one and a way to let its time pass. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Clock } from './clock.ts'

export interface RunningClock {
  readonly clock: Clock
  /** Resolves when at least `ms` have passed and what was due has run. */
  pass(ms: number): Promise<void>
}

/** Registers the suite under a name. */
export function clockContract(name: string, make: () => RunningClock): void {
  test(`${name}: both times go on together, and never back`, async () => {
    const { clock, pass } = make()
    // The machine may do something else between two readings: the wall's lies between two of the other.
    const read = (): { before: number; wall: number; after: number } => {
      const before = clock.monotonicMs()
      return { before, wall: clock.now(), after: clock.monotonicMs() }
    }
    const first = read()
    await pass(20)
    const second = read()
    assert.ok(second.before - first.before >= 19)
    const passed = second.wall - first.wall
    assert.ok(passed > second.before - first.after - 5 && passed < second.after - first.before + 5, `${passed} ms`)
    let last = first
    for (let reading = 0; reading < 5000; reading++) {
      const next = read()
      assert.ok(next.wall >= last.wall && next.before >= last.after, `${last.wall} then ${next.wall}`)
      last = next
    }
  })

  test(`${name}: what is years away does not happen now`, async () => {
    const { clock, pass } = make()
    using _timer = clock.setTimer(2 ** 40, () => assert.fail('the timer ran'))
    const enough = new AbortController()
    let isOver = false
    const slept = clock.sleep(2 ** 40, enough.signal).then(
      () => assert.fail('the sleep ended'),
      () => undefined,
    )
    void slept.finally(() => (isOver = true))
    await pass(20)
    assert.equal(isOver, false)
    enough.abort()
    await slept
  })

  test(`${name}: timers run in the order in which they are due, once each`, async () => {
    const { clock, pass } = make()
    const ran: string[] = []
    clock.setTimer(30, () => ran.push('late'))
    clock.setTimer(5, () => ran.push('early'))
    await pass(60)
    assert.deepEqual(ran, ['early', 'late'])
  })

  test(`${name}: a disposed timer does not run`, async () => {
    const { clock, pass } = make()
    const timer = clock.setTimer(5, () => assert.fail('it ran'))
    timer[Symbol.dispose]()
    timer[Symbol.dispose]()
    await pass(20)
  })

  test(`${name}: a sleep ends after its time, or with the reason of its signal`, async () => {
    const { clock, pass } = make()
    const abort = new AbortController()
    const reason = new Error('enough')
    const slept = clock.sleep(10)
    const cut = assert.rejects(clock.sleep(60_000, abort.signal), reason)
    await pass(20)
    await slept
    abort.abort(reason)
    await cut
    await assert.rejects(clock.sleep(1, abort.signal), reason)
  })

  test(`${name}: a timer may set the next one`, async () => {
    const { clock, pass } = make()
    const third = Promise.withResolvers<void>()
    let count = 0
    const again = (): void => {
      if (++count < 3) clock.setTimer(1, again)
      else third.resolve()
    }
    again()
    await Promise.all([pass(40), third.promise])
    assert.equal(count, 3)
  })
}
