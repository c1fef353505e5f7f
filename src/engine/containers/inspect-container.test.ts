import assert from 'node:assert/strict'
import test from 'node:test'
import { newState } from './container-record.ts'
import { formatWhen, viewEndpoints, viewState } from './inspect-container.ts'

test('never is Go’s zero time', () => {
  assert.equal(formatWhen(0), '0001-01-01T00:00:00Z')
  assert.match(formatWhen(1_700_000_000_123), /^2023-11-14T22:13:20\.123\d*Z$/)
})

test('one status word and the booleans that older clients read', () => {
  const rows = [
    ['created', { Running: false, Paused: false, Restarting: false, Dead: false }],
    ['running', { Running: true, Paused: false, Restarting: false, Dead: false }],
    ['paused', { Running: true, Paused: true, Restarting: false, Dead: false }],
    ['restarting', { Running: true, Paused: false, Restarting: true, Dead: false }],
    ['exited', { Running: false, Paused: false, Restarting: false, Dead: false }],
    ['dead', { Running: false, Paused: false, Restarting: false, Dead: true }],
  ] as const
  for (const [status, booleans] of rows) {
    const view = viewState({ ...newState, status }, undefined)
    assert.deepEqual({ ...view, Status: status, ...booleans }, view)
    assert.equal('Health' in view, false)
  }
})

test('health is there for containers that have a check', () => {
  const log = [{ start: 1000, end: 2000, exitCode: 1, output: 'no' }]
  const view = viewState({ ...newState, status: 'running' }, { status: 'unhealthy', failingStreak: 3, log }) as {
    Health: { Status: string; FailingStreak: number; Log: object[] }
  }
  assert.equal(view.Health.Status, 'unhealthy')
  assert.equal(view.Health.FailingStreak, 3)
  assert.equal(view.Health.Log.length, 1)
})

test('endpoints show the fields that the client’s version knows', () => {
  const endpoint = { DNSNames: ['a'], Aliases: ['b'], NetworkID: 'n' } as never
  const keys = (minor: number): string[] =>
    Object.keys((viewEndpoints({ id: 'ab'.repeat(32), networks: { net: endpoint } }, minor) as { net: object }).net)
  assert.deepEqual(keys(43), ['Aliases', 'NetworkID'])
  assert.deepEqual(keys(44), ['DNSNames', 'Aliases', 'NetworkID'])
  assert.ok(keys(48).includes('GwPriority'))
})

test('older clients find the short id among the aliases on networks with names', () => {
  const view = (name: string, minor: number): unknown =>
    (viewEndpoints({ id: 'ab'.repeat(32), networks: { [name]: { Aliases: ['a'] } as never } }, minor) as never)[name]
  assert.deepEqual(view('net', 41), { Aliases: ['a', 'abababababab'] })
  assert.deepEqual(view('net', 45), { Aliases: ['a'] })
  assert.deepEqual(view('bridge', 41), { Aliases: ['a'] })
})
