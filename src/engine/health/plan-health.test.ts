import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthProbe } from '#engine/containers/health-state.ts'
import {
  applyProbe,
  boundOutput,
  endHealth,
  nextProbeMs,
  planHealth,
  startingHealth,
  timeoutText,
} from './plan-health.ts'
import type { HealthPlan } from './plan-health.ts'

const plan = (extra: object = {}): HealthPlan => {
  const planned = planHealth({ Test: ['CMD', 'true'], ...extra }, undefined)
  assert.ok(planned !== undefined)
  return planned
}

const probe = (exitCode: number, start = 1000): HealthProbe => ({ start, end: start + 1, exitCode, output: '' })

test('what is left out of a health check gets the defaults of the Docker engine', () => {
  assert.deepEqual(plan(), {
    command: ['true'],
    intervalMs: 30_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    startIntervalMs: 5000,
    retries: 3,
  })
})

test('a shell check runs in the shell of the container', () => {
  const check = { Test: ['CMD-SHELL', 'exit 1'] }
  assert.deepEqual(planHealth(check, undefined)?.command, ['/bin/sh', '-c', 'exit 1'])
  assert.deepEqual(planHealth(check, [])?.command, ['/bin/sh', '-c', 'exit 1'])
  assert.deepEqual(planHealth(check, ['/bin/bash', '-ec'])?.command, ['/bin/bash', '-ec', 'exit 1'])
})

test('NONE, an empty test and an unknown kind are no check', () => {
  for (const Test of [['NONE'], [], ['CMD'], ['WHAT', 'x']]) assert.equal(planHealth({ Test }, undefined), undefined)
  assert.equal(planHealth(undefined, undefined), undefined)
  assert.equal(planHealth(null, null), undefined)
})

test('probes come at the start interval only while the container starts up', () => {
  const slow = plan({ StartPeriod: 10e9, StartInterval: 2e8, Interval: 1e9 })
  assert.equal(nextProbeMs(slow, startingHealth, 0), 200)
  assert.equal(nextProbeMs(slow, startingHealth, 10_000), 1000)
  assert.equal(nextProbeMs(slow, { ...startingHealth, status: 'healthy' }, 0), 1000)
  assert.equal(nextProbeMs(plan({ Interval: 1e9 }), startingHealth, 0), 1000)
})

test('as many failures in a row as retries make a container unhealthy, one success makes it healthy', () => {
  const twice = plan({ Retries: 2 })
  const at = { startedAt: 0 }
  const once = applyProbe(twice, startingHealth, { probe: probe(1), ...at })
  assert.deepEqual([once.status, once.failingStreak], ['starting', 1])
  const again = applyProbe(twice, once, { probe: probe(-1), ...at })
  assert.deepEqual([again.status, again.failingStreak], ['unhealthy', 2])
  const well = applyProbe(twice, again, { probe: probe(0), ...at })
  assert.deepEqual([well.status, well.failingStreak], ['healthy', 0])
  const still = applyProbe(twice, well, { probe: probe(1), ...at })
  assert.deepEqual([still.status, still.failingStreak], ['healthy', 1])
})

test('failures in the start period do not count, a success ends it', () => {
  const patient = plan({ Retries: 1, StartPeriod: 5e9 })
  const early = applyProbe(patient, startingHealth, { probe: probe(1, 4999), startedAt: 0 })
  assert.deepEqual([early.status, early.failingStreak, early.log.length], ['starting', 0, 1])
  assert.equal(applyProbe(patient, early, { probe: probe(1, 5000), startedAt: 0 }).status, 'unhealthy')
  const well = applyProbe(patient, early, { probe: probe(0, 100), startedAt: 0 })
  assert.equal(applyProbe(patient, well, { probe: probe(1, 200), startedAt: 0 }).status, 'unhealthy')
})

test('the newest five probes are kept', () => {
  let state = startingHealth
  for (let at = 1; at <= 7; at += 1) state = applyProbe(plan(), state, { probe: probe(0, at), startedAt: 0 })
  assert.deepEqual(
    state.log.map(({ start }) => start),
    [3, 4, 5, 6, 7],
  )
  assert.equal(endHealth(state).status, 'unhealthy')
  assert.equal(endHealth(state).log.length, 5)
})

test('a timeout is told with its length as Go prints it, and what was written by then', () => {
  assert.equal(timeoutText(plan({ Timeout: 3e8 }), ''), 'Health check exceeded timeout (300ms)')
  assert.equal(timeoutText(plan({ Timeout: 15e8 }), 'half'), 'Health check exceeded timeout (1.5s): half')
})

test('output longer than 4096 bytes is cut between characters and marked', () => {
  assert.equal(boundOutput('x'.repeat(4096)).length, 4096)
  assert.equal(boundOutput('x'.repeat(4097)), `${'x'.repeat(4096)}...`)
  assert.equal(boundOutput(`${'x'.repeat(4095)}é`), `${'x'.repeat(4095)}...`)
})
