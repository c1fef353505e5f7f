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
    const wall = clock.now()
    const monotonic = clock.monotonicMs()
    await pass(20)
    assert.ok(clock.monotonicMs() - monotonic >= 19)
    assert.ok(Math.abs(clock.now() - wall - (clock.monotonicMs() - monotonic)) < 50)
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
    let count = 0
    const again = (): void => {
      if (++count < 3) clock.setTimer(1, again)
    }
    again()
    await pass(40)
    assert.equal(count, 3)
  })
}
