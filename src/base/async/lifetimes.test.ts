import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RetryPolicy, defaultRetryPolicy, delayAfter, retry } from './retry.ts'
import { SingleFlight } from './single-flight.ts'

test('pauses grow to their maximum and jitter only shortens them', () => {
  const policy: RetryPolicy = {
    attemptsMax: 6,
    firstDelayMs: 100,
    factor: 2,
    delayMaxMs: 500,
    jitter: 0.5,
    budgetMs: 0,
  }
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map((attempt) => delayAfter(policy, attempt, 0)),
    [100, 200, 400, 500, 500, undefined],
  )
  assert.equal(delayAfter(policy, 1, 0.999) ?? 0, 100 * (1 - 0.5 * 0.999))
})

test('retrying ends with success, with the last failure, or when told that it is no use', async () => {
  const sleeps: number[] = []
  const clock = { sleep: (ms: number) => Promise.resolve(void sleeps.push(ms)), monotonicMs: () => 0 }
  const world = { clock, random: { float: () => 0 } }
  assert.equal(
    await retry(world, (attempt) => {
      if (attempt < 3) throw new Error('not yet')
      return attempt
    }),
    3,
  )
  assert.deepEqual(sleeps, [200, 400])
  await assert.rejects(
    retry(world, () => Promise.reject(new Error('never'))),
    /never/,
  )
  assert.equal(sleeps.length, 2 + defaultRetryPolicy.attemptsMax - 1)
  await assert.rejects(
    retry(world, () => Promise.reject(new Error('bad')), { isRetryable: () => false }),
    /bad/,
  )
  assert.equal(sleeps.length, 6)
})

test('those who ask for the same key share one run, and the last to leave ends it', async () => {
  const flights = new SingleFlight<string, number>()
  let runs = 0
  const gate = Promise.withResolvers<number>()
  let inner: AbortSignal | undefined
  const work = (signal: AbortSignal): Promise<number> => {
    runs++
    inner = signal
    return gate.promise
  }
  const one = new AbortController()
  const two = new AbortController()
  const first = flights.run('k', work, one.signal)
  const second = flights.run('k', work, two.signal)
  one.abort(new Error('left'))
  await assert.rejects(first, /left/)
  assert.equal(inner?.aborted, false)
  two.abort(new Error('left too'))
  await assert.rejects(second, /left too/)
  assert.equal(inner?.aborted, true)
  gate.resolve(1)
  assert.equal(await flights.run('k', () => Promise.resolve(2)), 2)
  assert.equal(runs, 1)
  assert.equal(flights.size, 0)
})
