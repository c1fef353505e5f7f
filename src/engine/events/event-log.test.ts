import assert from 'node:assert/strict'
import test from 'node:test'
import { SimClock } from '#world/sim/clock.ts'
import { createEventLog, viewEvent } from './event-log.ts'

const event = (id: string): Parameters<ReturnType<typeof createEventLog>['publish']>[0] => ({
  type: 'container',
  action: 'start',
  id,
  attributes: { image: 'busybox' },
})

test('times rise strictly, also when the clock stands still or goes back', () => {
  let now = 1_700_000_000_000
  const clock = Object.assign(new SimClock(), { now: () => now })
  const log = createEventLog(clock)
  log.publish(event('a'))
  log.publish(event('b'))
  now -= 5000
  log.publish(event('c'))
  const times = log.past(0, Infinity).map(({ at }) => at)
  assert.ok(
    times.every((at, index) => index === 0 || at > (times[index - 1] ?? 0)),
    String(times),
  )
  const nanos = log.past(0, Infinity).map((one) => (viewEvent(one) as { timeNano: number }).timeNano)
  assert.equal(new Set(nanos).size, 3)
})

test('the last 256 are kept, and asked for by time', () => {
  const log = createEventLog(new SimClock())
  for (let index = 0; index < 300; index += 1) log.publish(event(String(index)))
  const kept = log.past(0, Infinity)
  assert.equal(kept.length, 256)
  assert.equal(kept[0]?.id, '44')
  const [, second, third] = kept
  assert.deepEqual(
    log.past(second?.at ?? 0, third?.at ?? 0).map(({ id }) => id),
    ['45', '46'],
  )
})

test('a reader gets what is published from now on, and its end', async () => {
  const log = createEventLog(new SimClock())
  log.publish(event('before'))
  const subscription = log.subscribe()
  log.publish(event('one'))
  log.publish(event('two'))
  const seen: string[] = []
  for await (const { id } of subscription) {
    seen.push(id)
    if (seen.length === 2) subscription[Symbol.dispose]()
  }
  log.publish(event('after'))
  assert.deepEqual(seen, ['one', 'two'])
})

test('a reader that does not read is dropped and keeps nobody from publishing', async () => {
  const log = createEventLog(new SimClock())
  const subscription = log.subscribe()
  for (let index = 0; index < 10_000; index += 1) log.publish(event(String(index)))
  let count = 0
  for await (const _event of subscription) count += 1
  assert.ok(count > 0 && count < 10_000, String(count))
})

test('older clients find status, id and from in an event', () => {
  const view = viewEvent({ ...event('x'), at: 1_700_000_000_123.5 })
  assert.deepEqual(view, {
    status: 'start',
    id: 'x',
    from: 'busybox',
    Type: 'container',
    Action: 'start',
    Actor: { ID: 'x', Attributes: { image: 'busybox' } },
    scope: 'local',
    time: 1_700_000_000,
    timeNano: 1_700_000_000_123_500_000,
  })
  assert.equal('status' in viewEvent({ ...event('x'), type: 'network', at: 1 }), false)
})
