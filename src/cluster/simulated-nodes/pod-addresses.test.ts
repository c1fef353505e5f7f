import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PodAddresses } from './pod-addresses.ts'

test('a pod has an address out of each range of its node, and keeps the one that it has', () => {
  const addresses = new PodAddresses(0, ['10.244.3.0/24', 'fd00:10:244:3::/64'])
  assert.deepEqual(addresses.of('a'), ['10.244.3.2', 'fd00:10:244:3::2'])
  assert.deepEqual(addresses.of('b', '10.244.3.9'), ['10.244.3.9', 'fd00:10:244:3::9'])
  assert.deepEqual(addresses.of('c', '10.9.9.9'), ['10.244.3.3', 'fd00:10:244:3::3'])
  assert.deepEqual(addresses.of('a'), ['10.244.3.2', 'fd00:10:244:3::2'])
  addresses.release('a')
  const all = Array.from({ length: 251 }, (_, index) => addresses.of(`more-${index}`)[0])
  assert.equal(new Set(all).size, 251)
  assert.throws(() => addresses.of('one too many'), /no address left/)
})

test('a node without ranges takes one by its number', () => {
  assert.deepEqual(new PodAddresses(257).of('a'), ['10.65.1.2'])
})
