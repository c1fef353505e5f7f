import assert from 'node:assert/strict'
import test from 'node:test'
import { messageOf } from '#base/errors/gantry-error.ts'
import { parseQuery } from '#kit/http/query.ts'
import { decodeBuildRequest } from './build-request.ts'
import type { BuildRequest } from './build-request.ts'

const decode = (values: Readonly<Record<string, string | readonly string[]>>): BuildRequest => {
  const pairs = Object.entries(values).flatMap(([key, value]) =>
    (typeof value === 'string' ? [value] : value).map((item) => `${key}=${encodeURIComponent(item)}`),
  )
  return decodeBuildRequest(parseQuery(`/build?${pairs.join('&')}`))
}
const failure = (values: Readonly<Record<string, string>>): string => {
  try {
    decode(values)
  } catch (error) {
    return messageOf(error)
  }
  return 'no error'
}

test("an empty query is a build with Docker's defaults", () => {
  const request = decode({})
  assert.deepEqual(
    [request.dockerfile, request.remove, request.forceRemove, request.quiet, request.noCache, request.pull],
    ['', true, false, false, false, false],
  )
  assert.deepEqual([request.tags, request.buildArgs, request.labels, request.cacheFrom], [[], {}, {}, []])
})

test('booleans are read as the Engine API reads them', () => {
  for (const no of ['', '0', 'no', 'false', 'none', 'NO', 'False'])
    assert.equal(decode({ q: no, rm: no }).quiet || decode({ rm: no }).remove, false, no)
  for (const yes of ['1', 'yes', 'true', 'anything']) assert.equal(decode({ nocache: yes }).noCache, true, yes)
  assert.equal(decode({ rm: '0', forcerm: '1' }).remove, true)
})

test('tags are completed and each kept once', () => {
  assert.deepEqual(decode({ t: ['cw-b', 'cw-b:latest', 'h:5000/x:1'] }).tags, [
    'docker.io/library/cw-b:latest',
    'h:5000/x:1',
  ])
})

test('arguments with nulls, empty lists and nothing are fine', () => {
  assert.deepEqual(decode({ buildargs: '{"a":null,"b":"c"}' }).buildArgs, { a: null, b: 'c' })
  assert.deepEqual(decode({ buildargs: 'null', labels: '', cachefrom: '[]', ulimits: 'null' }).buildArgs, {})
  assert.deepEqual(decode({ cachefrom: '["x"]' }).cacheFrom, ['x'])
})

test('limits and surroundings are carried; numbers that are none count as zero', () => {
  const { surroundings } = decode({
    memory: '4194304',
    memswap: '-1',
    cpushares: 'x',
    cpusetcpus: '0-1',
    shmsize: '8388608',
    networkmode: 'host',
    extrahosts: ['a:1.2.3.4', 'b:5.6.7.8'],
    ulimits: '[{"Name":"nofile","Soft":5,"Hard":6}]',
  })
  assert.deepEqual(
    [surroundings.memoryBytes, surroundings.memorySwapBytes, surroundings.cpuShares, surroundings.shmSizeBytes],
    [4_194_304, -1, 0, 8_388_608],
  )
  assert.deepEqual(
    [surroundings.cpusetCpus, surroundings.networkMode, surroundings.extraHosts],
    ['0-1', 'host', ['a:1.2.3.4', 'b:5.6.7.8']],
  )
  assert.deepEqual(surroundings.ulimits, [{ Name: 'nofile', Soft: 5, Hard: 6 }])
})

// Texts recorded from dockerd 20.10.24.
test("what cannot be taken is refused in Docker's words", () => {
  const table: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ buildargs: 'x' }, "error reading build args: invalid character 'x' looking for beginning of value"],
    [{ buildargs: '{"a":1}' }, 'error reading build args: json: cannot unmarshal number into Go value of type string'],
    [{ labels: 'x' }, "error reading labels: invalid character 'x' looking for beginning of value"],
    [{ cachefrom: 'x' }, "invalid character 'x' looking for beginning of value"],
    [{ ulimits: 'x' }, "error reading ulimit settings: invalid character 'x' looking for beginning of value"],
    [{ shmsize: 'x' }, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [{ squash: '1' }, 'squash is only supported with experimental mode'],
    [{ version: '3' }, 'invalid version "3"'],
    [{ platform: 'a/b/c/d' }, '"a/b/c/d": cannot parse platform specifier: invalid argument'],
    [{ isolation: 'x' }, 'Unsupported isolation: "x"'],
    [{ securityopt: '["a"]' }, 'The daemon on this platform does not support setting security options on build'],
  ]
  for (const [query, message] of table) assert.equal(failure(query), message)
})
