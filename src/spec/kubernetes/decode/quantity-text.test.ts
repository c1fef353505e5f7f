import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatQuantity, parseQuantity } from '#base/data/quantity.ts'
import { canonicalQuantity, roundedToMilli } from './quantity-text.ts'

const forms: readonly (readonly [written: string, canonical: string])[] = [
  ['1500m', '1500m'],
  ['1000m', '1'],
  ['0.5', '500m'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['1000', '1k'],
  ['1001', '1001'],
  ['0', '0'],
  ['0Mi', '0'],
  ['-1', '-1'],
  ['1e3', '1e3'],
  ['10e2', '1e3'],
  ['1E', '1E'],
  ['100Ki', '100Ki'],
  ['1023', '1023'],
  ['0.1Ki', '102400m'],
  ['.5', '500m'],
  ['+5', '+5'],
  ['5.', '5.'],
  ['0257382T', '0257382T'],
  ['47.176e12', '47.176e12'],
  ['Ki', '0'],
  ['e3', '0'],
  ['12.5e-8', '12.5e-8'],
  ['0.0000000001', '1n'],
  ['1e-3', '1e-3'],
  ['123456789012345678901234567890', '9223372036854775807'],
  ['1000k', '1M'],
  ['007', '007'],
]
for (const [written, canonical] of forms)
  test(`${written} is written ${canonical}`, () => assert.equal(canonicalQuantity(written), canonical))

for (const bad of ['', 'abc', '1XX', '1 Gi', '1..2', '0x10']) {
  test(`"${bad}" is not a quantity`, () =>
    assert.throws(() => canonicalQuantity(bad), { message: /quantities must match/ }))
}
test('letters in the wrong order are a bad suffix', () =>
  assert.throws(() => canonicalQuantity('1iK'), { message: "unable to parse quantity's suffix" }))
test('a monstrous exponent costs nothing', () => {
  assert.equal(canonicalQuantity('1e999999999'), '1e999999999')
  assert.equal(canonicalQuantity('1000e999999999'), '9223372036854775807')
})

test('the canonical form keeps the amount and is its own canonical form', () => {
  const amount = fc.tuple(
    fc.integer({ min: 0, max: 10_000_000 }),
    fc.constantFrom('n', 'u', 'm', '', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'Ti'),
  )
  fc.assert(
    fc.property(amount, ([number, suffix]) => {
      const value = parseQuantity(`${number}${suffix}`)
      const text = formatQuantity(value)
      assert.equal(parseQuantity(text).nanos, value.nanos)
      assert.equal(canonicalQuantity(canonicalQuantity(text)), canonicalQuantity(text))
      assert.equal(parseQuantity(canonicalQuantity(`${number}${suffix}`)).nanos, value.nanos)
    }),
  )
})

test('multiples of eight binary units are written in their canonical form', () => {
  const amount = fc.tuple(
    fc.constantFrom('', '+', '-', '0'),
    fc.oneof(fc.nat(4096), fc.bigInt({ min: 0n, max: 1n << 64n })),
    fc.constantFrom('Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'),
  )
  fc.assert(
    fc.property(amount, ([sign, number, suffix]) => {
      const written = `${sign}${BigInt(number) * 8n}${suffix}`
      assert.equal(canonicalQuantity(written), formatQuantity(parseQuantity(written)))
    }),
    { numRuns: 500 },
  )
})

test('resource lists keep thousandths, rounded up', () => {
  assert.equal(roundedToMilli('1n'), '1m')
  assert.equal(roundedToMilli('1500001u'), '1501m')
  assert.equal(roundedToMilli('2m'), '2m')
})
