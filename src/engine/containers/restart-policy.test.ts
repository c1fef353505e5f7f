import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RestartPolicy } from '#spec/docker/container-config.ts'
import { planRestart, startsWithEngine } from './restart-policy.ts'

const policy = (Name: RestartPolicy['Name'], MaximumRetryCount = 0): RestartPolicy => ({ Name, MaximumRetryCount })
const run = { exitCode: 1, restartCount: 0, ranMs: 50, stoppedByUser: false, lastDelayMs: 0 }

test('a policy restarts what it says and nothing else', () => {
  assert.deepEqual(planRestart({ ...run, policy: policy('no') }), { restart: false })
  assert.deepEqual(planRestart({ ...run, policy: policy('') }), { restart: false })
  assert.deepEqual(planRestart({ ...run, policy: policy('always'), exitCode: 0 }), { restart: true, delayMs: 100 })
  assert.deepEqual(planRestart({ ...run, policy: policy('on-failure'), exitCode: 0 }), { restart: false })
  assert.deepEqual(planRestart({ ...run, policy: policy('on-failure', 2), restartCount: 1 }), {
    restart: true,
    delayMs: 100,
  })
  assert.deepEqual(planRestart({ ...run, policy: policy('on-failure', 2), restartCount: 2 }), { restart: false })
})

test('a stop by the user silences every policy', () => {
  assert.deepEqual(planRestart({ ...run, policy: policy('always'), stoppedByUser: true }), { restart: false })
})

test('the delay doubles to a minute and starts over after a steady run', () => {
  const delays = [0, 100, 200, 51_200, 60_000].map((lastDelayMs) =>
    planRestart({ ...run, policy: policy('always'), lastDelayMs }),
  )
  assert.deepEqual(
    delays.map((plan) => plan.restart && plan.delayMs),
    [100, 200, 400, 60_000, 60_000],
  )
  assert.deepEqual(planRestart({ ...run, policy: policy('always'), lastDelayMs: 60_000, ranMs: 10_000 }), {
    restart: true,
    delayMs: 100,
  })
})

test('an engine start brings back what its policy keeps, and unless-stopped remembers the stop', () => {
  const state = { stoppedByUser: true, wasStarted: true, exitCode: 1 }
  assert.equal(startsWithEngine(policy('always'), state), true)
  assert.equal(startsWithEngine(policy('unless-stopped'), state), false)
  assert.equal(startsWithEngine(policy('unless-stopped'), { ...state, stoppedByUser: false }), true)
  assert.equal(startsWithEngine(policy('on-failure'), { ...state, stoppedByUser: false, exitCode: 0 }), false)
  assert.equal(startsWithEngine(policy('always'), { ...state, wasStarted: false }), false)
})
