import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatBinarySize, formatDecimalSize } from './byte-size.ts'
import { formatGoDuration, parseGoDuration, parseGoDurationMs } from './duration.ts'
import { LruCache } from './lru-cache.ts'
import { compareSemver, parseSemver } from './semver.ts'

test('durations read as Go reads them', () => {
  const rows: [string, bigint][] = [
    ['0', 0n],
    ['5s', 5_000_000_000n],
    ['1h2m3.5s', 3_723_500_000_000n],
    ['-1.5h', -5_400_000_000_000n],
    ['+.5s', 500_000_000n],
    ['1µs', 1000n],
    ['1us', 1000n],
    ['100ns', 100n],
    ['1.00000000000000000000000s', 1_000_000_000n],
    ['9223372036854775807ns', 9_223_372_036_854_775_807n],
    ['-9223372036854775808ns', -9_223_372_036_854_775_808n],
  ]
  for (const [text, nanos] of rows) assert.equal(parseGoDuration(text), nanos, text)
  assert.equal(parseGoDurationMs('1.5ms'), 1.5)
})

test('what is no duration is refused in Go’s words', () => {
  const rows: [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['3', 'time: missing unit in duration "3"'],
    ['3x', 'time: unknown unit "x" in duration "3x"'],
    ['s', 'time: invalid duration "s"'],
    ['.s', 'time: invalid duration ".s"'],
    ['-', 'time: invalid duration "-"'],
    ['1s ', 'time: unknown unit "s " in duration "1s "'],
    ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
  ]
  for (const [text, message] of rows) assert.throws(() => parseGoDuration(text), { message }, text)
})

test('durations print as Go prints them and read back', () => {
  const rows: [bigint, string][] = [
    [0n, '0s'],
    [1n, '1ns'],
    [1100n, '1.1µs'],
    [2_200_000n, '2.2ms'],
    [3_300_000_000n, '3.3s'],
    [65_000_000_000n, '1m5s'],
    [3_600_000_000_000n, '1h0m0s'],
    [-3_603_000_000_001n, '-1h0m3.000000001s'],
  ]
  for (const [nanos, text] of rows) assert.equal(formatGoDuration(nanos), text)
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (nanos) => {
      assert.equal(parseGoDuration(formatGoDuration(nanos)), nanos)
    }),
  )
})

test('sizes print as docker prints them', () => {
  assert.equal(formatDecimalSize(1_234_000), '1.234MB')
  assert.equal(formatDecimalSize(0), '0B')
  assert.equal(formatDecimalSize(999), '999B')
  assert.equal(formatDecimalSize(7_654_321, 3), '7.65MB')
  assert.deepEqual(
    [1000, 1_236_000, 1_984_992, 999_600].map((size) => formatDecimalSize(size, 3)),
    ['1kB', '1.24MB', '1.98MB', '1e+03kB'],
  )
  assert.deepEqual([67_108_864, 1536].map(formatBinarySize), ['64MiB', '1.5KiB'])
  assert.equal(formatBinarySize(1_293_942_784), '1.205GiB')
  assert.equal(formatBinarySize(1023.96), '1024B')
})

test('versions order as semver says', () => {
  const ordered = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.10.0',
    'v2.0.0',
  ]
  const parsed = ordered.map((text) => parseSemver(text) ?? assert.fail(text))
  for (const [index, version] of parsed.entries()) {
    const next = parsed[index + 1]
    if (next !== undefined)
      assert.ok(compareSemver(version, next) < 0 && compareSemver(next, version) > 0, ordered[index] ?? '')
  }
  for (const text of ['1', '1.2', '01.2.3', '1.2.3-', '1.2.3-01', 'x1.2.3', '1.2.3+'])
    assert.equal(parseSemver(text), undefined, text)
})

test('the cache forgets what was unused longest and keeps to its weight', () => {
  const gone: string[] = []
  const cache = new LruCache<string, string>({
    capacity: 6,
    weigh: (value) => value.length,
    onEvict: (value) => gone.push(value),
  })
  cache.set('a', 'aa')
  cache.set('b', 'bb')
  cache.get('a')
  cache.set('c', 'ccc')
  assert.deepEqual([gone, cache.has('a'), cache.weight], [['bb'], true, 5])
  cache.set('huge', 'x'.repeat(7))
  assert.equal(cache.has('huge'), false)
  cache.delete('a')
  assert.deepEqual([cache.size, cache.weight], [1, 3])
})
