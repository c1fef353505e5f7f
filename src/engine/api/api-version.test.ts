import assert from 'node:assert/strict'
import test from 'node:test'
import { splitVersion } from './api-version.ts'

test('a path names its version, or gets the newest', () => {
  const rows: readonly (readonly [path: string, minor: number, rest: string])[] = [
    ['/v1.41/containers/json', 41, '/containers/json'],
    ['/v1.21/info', 21, '/info'],
    ['/v1.51', 51, '/'],
    ['/info', 51, '/info'],
    ['/volumes', 51, '/volumes'],
    ['/v1x/info', 51, '/v1x/info'],
  ]
  for (const [path, minor, rest] of rows) {
    const split = splitVersion(path)
    assert.deepEqual([split.version.minor, split.rest], [minor, rest], path)
  }
})

test('versions beyond both ends are refused in Docker’s words', () => {
  for (const path of ['/v1.20/info', '/v0.9/info', '/v1/info'])
    assert.throws(() => splitVersion(path), /is too old\. Minimum supported API version is 1\.21/, path)
  for (const path of ['/v1.52/info', '/v2.0/info', '/v9.99/info', '/v1.999999/info'])
    assert.throws(() => splitVersion(path), /is too new\. Maximum supported API version is 1\.51/, path)
})
