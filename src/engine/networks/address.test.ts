import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { contains, formatAddress, formatPrefix, macOfAddress, overlaps, parseAddress, parsePrefix } from './address.ts'
import type { Address } from './address.ts'

test('addresses are read as people write them and shown in their shortest form', () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ['172.17.0.2', '172.17.0.2'],
    ['FD00:0:0::0001', 'fd00::1'],
    ['::', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['1.2.3', undefined],
    ['1.2.3.256', undefined],
    ['01.2.3.4', undefined],
    ['1:2:3:4:5:6:7', undefined],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7:8::', undefined],
    ['fd00::12345', undefined],
    ['', undefined],
    ['host', undefined],
  ]
  for (const [text, shown] of table) {
    const address = parseAddress(text)
    assert.equal(address === undefined ? undefined : formatAddress(address), shown, text)
  }
})

test('every address survives being shown and read', () => {
  const anyAddress = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value): Address => ({ family: 4, value })),
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value): Address => ({ family: 6, value })),
  )
  fc.assert(fc.property(anyAddress, (address) => assert.deepEqual(parseAddress(formatAddress(address)), address)))
  fc.assert(fc.property(fc.string(), (text) => void parseAddress(text)))
})

test('prefixes lose their host bits and know what lies in them', () => {
  const prefix = parsePrefix('10.92.0.5/24')
  assert.ok(prefix !== undefined)
  assert.equal(formatPrefix(prefix), '10.92.0.0/24')
  assert.equal(contains(prefix, parseAddress('10.92.0.255') ?? assert.fail()), true)
  assert.equal(contains(prefix, parseAddress('10.92.1.0') ?? assert.fail()), false)
  assert.equal(overlaps(prefix, parsePrefix('10.0.0.0/8') ?? assert.fail()), true)
  assert.equal(overlaps(prefix, parsePrefix('::/0') ?? assert.fail()), false)
  for (const text of ['10.0.0.0/33', '10.0.0.0', '10.0.0.0/', '10.0.0.0/-1', 'fd00::/129', '/24'])
    assert.equal(parsePrefix(text), undefined, text)
})

test('a MAC address follows from the IPv4 address', () => {
  assert.equal(macOfAddress(parseAddress('172.17.0.2') ?? assert.fail()), '02:42:ac:11:00:02')
})
