import assert from 'node:assert/strict'
import test from 'node:test'
import { humanDuration, parseDuration, parseMemory } from './human-units.ts'
import { portsColumn } from './ports-column.ts'
import { indentJson } from './go-json.ts'
import { sprintf } from './go-printf.ts'

test('durations are rounded to words', () => {
  const seconds = [0, 1, 59, 60, 119, 120, 3599, 3600, 5400, 172_800, 1_209_600, 5_184_000, 63_072_000]
  assert.deepEqual(
    seconds.map((span) => humanDuration(span * 1000)),
    [
      'Less than a second',
      '1 second',
      '59 seconds',
      'About a minute',
      'About a minute',
      '2 minutes',
      '59 minutes',
      'About an hour',
      '2 hours',
      '2 days',
      '2 weeks',
      '2 months',
      '2 years',
    ],
  )
})

test('memory and durations are read, nonsense is not', () => {
  assert.deepEqual(['64m', '1.5g', '512', '1KiB', 'abc', '-1'].map(parseMemory), [
    67_108_864,
    1_610_612_736,
    512,
    1024,
    undefined,
    undefined,
  ])
  assert.deepEqual(['1h30m', '250ms', '0', '5', 'x', '-2s'].map(parseDuration), [
    5400e9,
    250e6,
    0,
    undefined,
    undefined,
    -2e9,
  ])
})

test('neighbouring ports of one address become a range', () => {
  const port = (IP: string, PrivatePort: number, PublicPort: number): object => ({
    IP,
    PrivatePort,
    PublicPort,
    Type: 'tcp',
  })
  assert.equal(
    portsColumn([
      port('0.0.0.0', 80, 80),
      port('0.0.0.0', 81, 81),
      port('::', 80, 80),
      { PrivatePort: 99, Type: 'tcp' },
      { ...port('127.0.0.1', 53, 5353), Type: 'udp' },
    ]),
    '0.0.0.0:80-81->80-81/tcp, [::]:80->80/tcp, 99/tcp, 127.0.0.1:5353->53/udp',
  )
})

test('JSON is indented without touching numbers or empty values', () => {
  assert.equal(
    indentJson('[{"a":12345678901234567890,"b":{},"c":[],"d":"{x}, [y]"}]', '    '),
    '[\n    {\n        "a": 12345678901234567890,\n        "b": {},\n        "c": [],\n        "d": "{x}, [y]"\n    }\n]',
  )
})

test('printf reports wrong verbs and counts in the text', () => {
  assert.equal(sprintf('%d %s', [1]), '1 %!s(MISSING)')
  assert.equal(sprintf('%d', ['x', 2]), '%!d(string=x)%!(EXTRA int=2)')
  assert.equal(sprintf('%-5s|%05d|%.2f|%q', ['ab', -42, 1.005, 'a"b']), 'ab   |-0042|1.00|"a\\"b"')
})
