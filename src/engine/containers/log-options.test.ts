import assert from 'node:assert/strict'
import test from 'node:test'
import { badLogValue, isLogDriver, logSizeBytes, unknownLogOption } from './log-options.ts'

test('sizes are numbers with a unit', () => {
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['10', 10],
    ['10k', 10_240],
    ['1.5m', 1_572_864],
    ['2G', 2 * 1024 ** 3],
    ['1kb', 1024],
    ['-1', Infinity],
    ['', undefined],
    ['ten', undefined],
    ['-5m', undefined],
    ['1x', undefined],
  ]
  for (const [text, bytes] of rows) assert.equal(logSizeBytes(text), bytes, text)
})

const rows: readonly (readonly [driver: string, options: Record<string, string>, complaint: RegExp | undefined])[] = [
  ['json-file', { 'max-size': '10m', 'max-file': '3', labels: 'a', env: 'B', tag: '{{.Name}}' }, undefined],
  ['local', { 'max-size': '1m', compress: 'false' }, undefined],
  ['none', {}, undefined],
  ['json-file', { mode: 'non-blocking', 'max-buffer-size': '1m' }, undefined],
  ['json-file', { mode: 'sometimes' }, /logging mode not supported: sometimes/],
  ['json-file', { nosuch: '1' }, /unknown log opt 'nosuch' for json-file log driver/],
  ['none', { 'max-size': '1m' }, /unknown log opt 'max-size' for none log driver/],
  ['json-file', { 'max-buffer-size': '1m' }, /only supported with 'mode=non-blocking'/],
  ['json-file', { mode: 'non-blocking', 'max-buffer-size': 'x' }, /option max-buffer-size: invalid size: 'x'/],
  ['json-file', { 'max-size': 'big', 'max-file': '0' }, undefined],
]

for (const [driver, options, complaint] of rows)
  test(`${driver} ${JSON.stringify(options)} ${complaint === undefined ? 'is fine' : 'is refused'}`, () => {
    const found = unknownLogOption(driver, options)
    if (complaint === undefined) assert.equal(found, undefined)
    else assert.match(found ?? '', complaint)
  })

test('drivers that there are', () => {
  assert.deepEqual(['json-file', 'local', 'none', 'syslog', 'toString'].map(isLogDriver), [
    true,
    true,
    true,
    false,
    false,
  ])
})

test('values that mean nothing are told when the log is to begin', () => {
  const rows: readonly (readonly [options: Record<string, string>, complaint: RegExp])[] = [
    [{ 'max-size': 'big' }, /^failed to initialize logging driver: invalid size: 'big'$/],
    [{ 'max-file': '0' }, /max-file cannot be less than 1/],
    [{ 'max-file': 'x' }, /strconv\.Atoi: parsing "x": invalid syntax/],
    [{ compress: 'maybe' }, /strconv\.ParseBool: parsing "maybe": invalid syntax/],
  ]
  for (const [options, complaint] of rows) assert.match(badLogValue(options) ?? '', complaint)
  assert.equal(badLogValue({ 'max-size': '10m', 'max-file': '3', compress: 'true', tag: 'x' }), undefined)
})
