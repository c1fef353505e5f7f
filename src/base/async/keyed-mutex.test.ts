import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyedMutex } from './keyed-mutex.ts'

test('keys exclude themselves and not each other, and cost nothing afterwards', async () => {
  const mutex = createKeyedMutex()
  const log: string[] = []
  const work = (key: string, name: string) => async (): Promise<void> => {
    log.push(`${name}+`)
    await Promise.resolve()
    await Promise.resolve()
    log.push(`${name}-`)
    assert.ok(key)
  }
  await Promise.all([mutex.run('a', work('a', '1')), mutex.run('a', work('a', '2')), mutex.run('b', work('b', '3'))])
  assert.ok(log.indexOf('1-') < log.indexOf('2+'))
  assert.ok(log.indexOf('3+') < log.indexOf('1-'))
  assert.deepEqual([mutex.busy('a'), mutex.busy('b')], [false, false])
})
