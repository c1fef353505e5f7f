import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityMillis,
  quantityOfUnits,
  quantityUnits,
  subtractQuantities,
  tryParseQuantity,
} from './quantity.ts'

test('quantities print in Kubernetes’ canonical form', () => {
  const rows: [string, string][] = [
    ['0', '0'],
    ['0.0', '0'],
    ['-0', '0'],
    ['1', '1'],
    ['0.1', '100m'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['.5', '500m'],
    ['5.', '5'],
    ['1Ki', '1Ki'],
    ['1024Ki', '1Mi'],
    ['0.5Gi', '512Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1.5Ki', '1536'],
    ['1e3', '1e3'],
    ['12e-1', '1200e-3'],
    ['1E3', '1e3'],
    ['1E', '1E'],
    ['1000k', '1M'],
    ['-1.5', '-1500m'],
    ['+3', '3'],
    ['0.0000000001', '1n'],
    ['1.0000000001', '1000000001n'],
    ['9223372036854775807', '9223372036854775807'],
    ['99999999999999999999', '9223372036854775807'],
    ['1e999999', '9223372036854775807'],
    ['1e-999999', '1e-9'],
  ]
  for (const [text, want] of rows) assert.equal(formatQuantity(parseQuantity(text)), want, text)
})

test('what is no quantity is refused in Kubernetes’ words', () => {
  for (const text of [
    '',
    ' ',
    'x',
    '1x',
    '1 Gi',
    '1.2.3',
    'Gi',
    '--1',
    '1KI',
    '1e',
    '1ei',
    '.',
    'NaN',
    '1,5',
    `${'9'.repeat(600)}`,
  ]) {
    assert.throws(
      () => parseQuantity(text),
      (error) => isErrorKind(error, 'invalid') && error.message.startsWith('quantities must match'),
      text,
    )
    assert.equal(tryParseQuantity(text), undefined)
  }
})

test('arithmetic is exact and rounds up where it must', () => {
  const sum = addQuantities(parseQuantity('0.1'), parseQuantity('0.2'))
  assert.equal(compareQuantities(sum, parseQuantity('300m')), 0)
  assert.equal(formatQuantity(subtractQuantities(parseQuantity('1Gi'), parseQuantity('512Mi'))), '512Mi')
  assert.equal(quantityMillis(parseQuantity('1u')), 1n)
  assert.equal(quantityUnits(parseQuantity('1001m')), 2n)
  assert.equal(quantityUnits(parseQuantity('-1001m')), -2n)
  assert.equal(formatQuantity(quantityOfUnits(2048, 'BinarySI')), '2Ki')
})

test('the canonical form reads back as the same amount', () => {
  const suffix = fc.constantFrom('n', 'u', 'm', '', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E-2')
  const number = fc.tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 999 }))
  fc.assert(
    fc.property(number, suffix, ([whole, fraction], unit) => {
      const quantity = parseQuantity(`${whole}.${fraction}${unit}`)
      assert.equal(parseQuantity(formatQuantity(quantity)).nanos, quantity.nanos)
    }),
  )
})

test('a whole number is read as the same number with a sign is', () => {
  const suffix = fc.constantFrom(
    'n',
    'u',
    'm',
    '',
    'k',
    'M',
    'G',
    'T',
    'P',
    'E',
    'Ki',
    'Mi',
    'Gi',
    'Ti',
    'Pi',
    'Ei',
    'e3',
  )
  const digits = fc.stringMatching(/^[0-9]{1,20}$/)
  fc.assert(
    fc.property(digits, suffix, (number, unit) => {
      assert.deepEqual(parseQuantity(`${number}${unit}`), parseQuantity(`+${number}${unit}`))
    }),
  )
  for (const text of ['1constructor', '1toString', '1x', 'i', '1i', '1 ']) {
    assert.throws(
      () => parseQuantity(text),
      (error) => isErrorKind(error, 'invalid'),
    )
  }
})
