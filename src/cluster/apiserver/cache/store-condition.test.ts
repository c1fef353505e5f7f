import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { StoreCondition } from './store-condition.ts'

test('a problem of the store passes with it; a watch that broke for good stays one', () => {
  const store: { problem: GantryError | undefined } = { problem: undefined }
  const condition = new StoreCondition(store, silentLog)
  assert.equal(condition.problem, undefined)
  store.problem = new GantryError('STORE_FULL', 'exhausted', 'out of space', { remedy: 'Free some.' })
  assert.equal(condition.problem, store.problem)
  assert.ok(condition.isCurrent, 'what is served is what the store has')
  store.problem = undefined
  assert.equal(condition.problem, undefined)
  condition.reloads(new Error('compacted'))
  assert.equal(condition.isCurrent, false)
  assert.equal(condition.problem, undefined)
  condition.reloads(undefined)
  assert.ok(condition.isCurrent)
  condition.breaks(new Error('broken'))
  assert.equal(condition.isCurrent, false)
  assert.match(String(condition.problem), /broken/)
})
