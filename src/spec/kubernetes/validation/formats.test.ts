import { goQuote } from '#base/data/go-quote.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { path } from './field-path.ts'
import * as formats from './formats.ts'
import {
  canonicalIp,
  cidrWarnings,
  endpointIp,
  formatIp,
  ipWarnings,
  legacyCidr,
  legacyIp,
  parseIp,
} from './ip-address.ts'
import { readIntervals } from './workloads/index-intervals.ts'
import { scheduleProblem } from './workloads/cron-schedule.ts'

const at = path('f')
const cases: readonly (readonly [format: formats.Format, good: readonly string[], bad: readonly string[]])[] = [
  [formats.dnsLabel, ['a', '1-b', 'a'.repeat(63)], ['', 'A', '-a', 'a-', 'a.b', 'a'.repeat(64)]],
  [formats.dnsSubdomain, ['a.b', '1', 'a'.repeat(253)], ['', 'a..b', '.a', 'A.b', 'a_b', 'a'.repeat(254)]],
  [formats.dns1035Label, ['a1'], ['1a', 'a.b', '']],
  [formats.wildcardDnsSubdomain, ['*.a'], ['*', '*.*.a', 'a']],
  [formats.qualifiedName, ['a', 'x.y/A_b.c-d', 'Z'], ['', '/a', 'a/', 'a/b/c', 'A.b/c', '-a', 'a b', 'n'.repeat(64)]],
  [formats.labelValue, ['', 'A.b_c-1'], ['-a', 'a b', 'v'.repeat(64)]],
  [formats.pathSegment, ['system:node', 'a b'], ['.', '..', 'a/b', 'a%b']],
  [formats.configKey, ['a.b', '.x'], ['', '..', '..x', '.', 'a b']],
  [formats.envName, ['A', '1-x y'], ['', 'A=B', 'é', '\n']],
  [formats.cIdentifier, ['_a1'], ['1a', 'a-b']],
  [formats.portName, ['http', 'a-1'], ['', '80', 'a--b', '-a', 'abcdefghijklmnop', 'A']],
  [formats.percent, ['0%', '150%'], ['5', '%', '-1%', '5%x']],
  [formats.httpHeaderName, ['X-A'], ['', 'a b']],
]

for (const [format, good, bad] of cases) {
  test(`${format.name} accepts what is well formed and says what is not`, () => {
    for (const text of good) assert.deepEqual(format(text), [], text)
    for (const text of bad) assert.notDeepEqual(format(text), [], text)
  })
}

test('a trailing dash of generateName does not count', () => {
  assert.deepEqual(formats.asPrefix(formats.dnsLabel)('abc-'), [])
  assert.notDeepEqual(formats.asPrefix(formats.dnsLabel)('Abc-'), [])
})

test('addresses print in canonical form', () => {
  const pairs = [
    ['1.2.3.4', '1.2.3.4'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
  ] as const
  for (const [text, wanted] of pairs) {
    const ip = parseIp(text)
    assert.ok(ip, text)
    assert.equal(formatIp(ip), wanted)
  }
  for (const text of ['', '1.2.3', '256.1.1.1', '1::2::3', ':::', 'g::', '1:2:3:4:5:6:7']) {
    assert.equal(parseIp(text), undefined, text)
  }
})

test('every IPv6 address survives being printed and read', () => {
  const byte = fc.integer({ min: 0, max: 255 })
  fc.assert(
    fc.property(fc.array(byte, { minLength: 16, maxLength: 16 }), (bytes) => {
      const read = parseIp(formatIp({ bytes }))
      assert.ok(read)
      assert.deepEqual(read.isMapped ? bytes.slice(12) : bytes, read.bytes)
    }),
  )
})

test('legacy fields keep what they had and refuse it new', () => {
  assert.deepEqual(legacyIp(at, '010.1.1.1', ['010.1.1.1']), [])
  assert.equal(legacyIp(at, '010.1.1.1')[0]?.message, 'Invalid value: "010.1.1.1": must not have leading 0s')
  assert.equal(legacyIp(at, '::ffff:1.2.3.4').length, 1)
  assert.match(legacyCidr(at, '10.0.0.1/8')[0]?.message ?? '', /must not have bits set beyond the prefix length$/)
  assert.match(canonicalIp(at, '2001:DB8::1')[0]?.message ?? '', /must be in canonical form \("2001:db8::1"\)$/)
  assert.deepEqual(ipWarnings(at, '2001:DB8::1'), [
    'f: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
  ])
  assert.equal(cidrWarnings(at, '10.0.0.1/8').length, 1)
})

test('endpoints are reachable from elsewhere', () => {
  for (const text of ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '224.0.0.1', '0.0.0.0']) {
    assert.equal(endpointIp(at, text).length, 1, text)
  }
  assert.deepEqual(endpointIp(at, '10.0.0.1'), [])
})

test('schedules are read as the cron parser reads them', () => {
  for (const text of ['* * * * *', '*/5 1-3 1,15 jan-MAR sun', '@hourly', '@every 1h30m', '0 0 ? * 1/2']) {
    assert.equal(scheduleProblem(text), undefined, text)
  }
  assert.equal(scheduleProblem('* * *'), 'expected exactly 5 fields, found 3: [* * *]')
  assert.equal(scheduleProblem('60 * * * *'), 'end of range (60) above maximum (59): 60')
  assert.equal(scheduleProblem('5-1 * * * *'), 'beginning of range (5) beyond end of range (1): 5-1')
  assert.equal(scheduleProblem('*/0 * * * *'), 'step of range should be a positive number: */0')
  assert.equal(scheduleProblem('@often'), 'unrecognized descriptor: @often')
})

test('lists of indexes increase and stay below the completions', () => {
  assert.equal(readIntervals('0,2-4,9', 10).total, 5)
  assert.equal(readIntervals('3,1', 10).problem, 'non-increasing order, previous: 3, current: 1')
  assert.equal(readIntervals('10', 10).problem, 'too large index: "10"')
})

test('text is quoted as Go quotes it', () => {
  assert.equal(goQuote('a"b\\c\n\u0001é\u200b'), String.raw`"a\"b\\c\n\x01é\u200b"`)
})
