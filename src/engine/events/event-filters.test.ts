import assert from 'node:assert/strict'
import test from 'node:test'
import { checkEventFilters, wantsEvent } from './event-filters.ts'
import type { LoggedEvent } from './event-log.ts'

const id = 'ab'.repeat(32)
const die: LoggedEvent = {
  type: 'container',
  action: 'die',
  id,
  attributes: { name: 'web', image: 'busybox:1.36', 'com.x': 'y', exitCode: '0' },
  at: 1,
}
const exec: LoggedEvent = { ...die, action: 'exec_start: ls -l' }
const joined: LoggedEvent = {
  type: 'network',
  action: 'connect',
  id: 'net',
  attributes: { container: id, name: 'lan' },
  at: 2,
}

const rows: readonly (readonly [event: LoggedEvent, filters: Record<string, string[]>, wanted: boolean])[] = [
  [die, {}, true],
  [die, { type: [] }, true],
  [die, { type: ['container'] }, true],
  [die, { type: ['image'] }, false],
  [die, { event: ['start', 'die'] }, true],
  [exec, { event: ['exec_start'] }, true],
  [exec, { event: ['exec'] }, false],
  [die, { container: ['web'] }, true],
  [die, { container: [id] }, true],
  [die, { container: ['abab'] }, true],
  [die, { container: ['ab'] }, false],
  [die, { image: ['busybox'] }, true],
  [die, { image: ['busybox:1.36'] }, true],
  [die, { image: ['busybox:1.35'] }, false],
  [die, { label: ['com.x'] }, true],
  [die, { label: ['com.x=y', 'exitCode=1'] }, false],
  [joined, { container: [id] }, true],
  [joined, { network: ['lan'] }, true],
  [die, { scope: ['local'] }, true],
  [die, { scope: ['swarm'] }, false],
  [die, { type: ['container'], event: ['start'] }, false],
]

for (const [event, filters, wanted] of rows)
  test(`${event.type} ${event.action} ${wanted ? 'passes' : 'is held by'} ${JSON.stringify(filters)}`, () =>
    assert.equal(wantsEvent(event, filters), wanted))

test('a filter that events do not have is refused', () => {
  assert.throws(() => checkEventFilters({ colour: ['red'] }), /Invalid filter 'colour'/)
  checkEventFilters({ type: ['x'], daemon: ['y'] })
})
