import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { Broadcast } from './broadcast.ts'
import { type RetryPolicy, defaultRetryPolicy, delayAfter, retry } from './retry.ts'
import { Scope } from './scope.ts'
import { SingleFlight } from './single-flight.ts'
import { withDeadline } from './with-deadline.ts'

test('a scope undoes newest first, all of it, unless committed', async () => {
  const log: string[] = []
  const build = async (fail: boolean): Promise<void> => {
    await using scope = new Scope()
    scope.defer(() => void log.push('one'))
    scope.own({ [Symbol.dispose]: () => void log.push('two') })
    if (fail) throw new Error('half-way')
    scope.commit()
  }
  await build(false)
  assert.deepEqual(log, [])
  await assert.rejects(build(true), /half-way/)
  assert.deepEqual(log, ['two', 'one'])
})

test('an undo that fails does not keep the others from running', async () => {
  const log: string[] = []
  const scope = new Scope()
  scope.defer(() => void log.push('ran'))
  scope.defer(() => Promise.reject(new Error('a')))
  scope.defer(() => Promise.reject(new Error('b')))
  await assert.rejects(scope[Symbol.asyncDispose](), (error: AggregateError) => error.errors.length === 2)
  assert.deepEqual(log, ['ran'])
  assert.throws(() => scope.defer(() => {}), /ended/)
})

test('a moved scope lives on', async () => {
  let undone = 0
  let kept: Scope | undefined
  {
    await using scope = new Scope()
    scope.defer(() => void undone++)
    kept = scope.move()
  }
  assert.equal(undone, 0)
  await kept[Symbol.asyncDispose]()
  assert.equal(undone, 1)
})

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

test('a listener that is behind loses the oldest or is cut off, and never slows the source', async () => {
  const lossy = new Broadcast<number>({ capacity: 2, whenBehind: 'drop-oldest' })
  using slow = lossy.subscribe()
  for (let item = 0; item < 5; item++) lossy.publish(item)
  assert.deepEqual([await slow.take(), await slow.take(), slow.dropped], [3, 4, 3])
  const strict = new Broadcast<number>({ capacity: 2, whenBehind: 'close' })
  using cut = strict.subscribe()
  for (let item = 0; item < 3; item++) strict.publish(item)
  const got: number[] = []
  for await (const item of cut) got.push(item)
  assert.deepEqual([got, cut.overrun, strict.subscribers], [[0, 1], true, 0])
})

test('a subscription ends with its signal and with its source', async () => {
  const source = new Broadcast<number>({ capacity: 2, whenBehind: 'close', subscribersMax: 2 })
  const abort = new AbortController()
  using mine = source.subscribe(abort.signal)
  using other = source.subscribe()
  assert.throws(() => source.subscribe(), RangeError)
  abort.abort()
  assert.equal(await mine.take(), undefined)
  source.publish(7)
  source[Symbol.dispose]()
  assert.deepEqual([await other.take(), await other.take()], [7, undefined])
})

test('work without an end is left at its deadline', async () => {
  const clock = createClock()
  let seen: AbortSignal | undefined
  const endless = withDeadline({ clock, ms: 20, what: 'waiting for the moon' }, (signal) => {
    seen = signal
    return new Promise(() => {})
  })
  await Promise.all([
    assert.rejects(
      endless,
      (error) => isErrorKind(error, 'deadline') && error.message.includes('waiting for the moon'),
    ),
    clock.sleep(40),
  ])
  assert.equal(seen?.aborted, true)
  assert.equal(await withDeadline({ clock, ms: 1000, what: 'x' }, () => Promise.resolve(1)), 1)
})
