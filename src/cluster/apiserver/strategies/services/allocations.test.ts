import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#kit/reconcile/virtual-clock.contract.ts'
import type { ApiObject } from '../../api-object.ts'
import type { ClusterView } from '../../cluster-view.ts'
import { addressAt, type AddressBlock, addressBlock, blockContains, firstAddress } from './address-blocks.ts'
import { chooseNumber, createAllocations } from './allocations.ts'
import { isHeldByOther, serviceBlocks, serviceFamilies } from './service-ranges.ts'

test('numbers are chosen above the lowest ones until only these are left', () => {
  const random = seededRandom()
  const taken = new Set<number>()
  const choose = (): number | undefined => {
    const value = chooseNumber([1, 100], { share: 16, most: 256 }, { random, isTaken: (one) => taken.has(one) })
    if (value !== undefined) taken.add(value)
    return value
  }
  const first = Array.from({ length: 84 }, choose)
  assert.ok(first.every((value) => value !== undefined && value > 16))
  const rest = Array.from({ length: 16 }, choose)
  assert.deepEqual(
    rest.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    Array.from({ length: 16 }, (_, index) => index + 1),
  )
  assert.equal(choose(), undefined)
})

test('what a running request has chosen is nobody else’s until that request ends', () => {
  const { addresses, nodePorts } = createAllocations({ nodePorts: [5, 6] }, seededRandom())
  const release = nodePorts.reserve(5)
  assert.deepEqual([nodePorts.choose(() => false), nodePorts.choose((one) => one === 6)], [6, undefined])
  release()
  assert.equal(
    nodePorts.choose((one) => one === 6),
    5,
  )
  const block = addressBlock('fd00::/127')
  assert.ok(block !== undefined)
  const give = addresses.reserve('fd00::1')
  assert.equal(
    addresses.choose(block, () => false),
    undefined,
  )
  give()
  assert.equal(
    addresses.choose(block, () => false),
    'fd00::1',
  )
})

test('ports and addresses keep bands of their own size', () => {
  const { addresses, nodePorts } = createAllocations({ nodePorts: [30_000, 32_767] }, seededRandom())
  const [four, six] = [addressBlock('10.96.0.0/16'), addressBlock('fd00:96::/108')]
  assert.ok(four !== undefined && six !== undefined)
  const kept = new Set(
    Array.from({ length: 256 }, (_, index) => index).flatMap((n) => [addressAt(four, n), addressAt(six, n)]),
  )
  const blocks: readonly AddressBlock[] = [four, six]
  for (let times = 0; times < 200; times++) {
    for (const block of blocks) {
      const address = addresses.choose(block, () => false) ?? ''
      assert.ok(blockContains(block, address) && !kept.has(address), address)
    }
    assert.ok((nodePorts.choose(() => false) ?? 0) >= 30_086)
  }
})

test('a block has neither the address of its network nor, in IPv4, the one for broadcasts', () => {
  const ends = (cidr: string): readonly string[] => {
    const block = addressBlock(cidr)
    return block === undefined ? [] : [addressAt(block, 0), addressAt(block, block.size - 1)]
  }
  assert.deepEqual(ends('10.1.0.0/30'), ['10.1.0.1', '10.1.0.2'])
  assert.deepEqual(ends('10.96.7.9/16'), ['10.96.0.1', '10.96.255.254'])
  assert.deepEqual(ends('fd00::/126'), ['fd00::1', 'fd00::3'])
  assert.deepEqual(ends('fd00:96::/108'), ['fd00:96::1', 'fd00:96::f:ffff'])
  assert.deepEqual(ends('nonsense'), [])
  assert.equal(firstAddress('fd00:96::/64'), 'fd00:96::1')
  const block = addressBlock('fd00::/64')
  assert.ok(block !== undefined && block.size === 2 ** 48)
  assert.deepEqual(
    ['fd00::', 'fd00::1', 'fd00:0:0:1::1', '10.0.0.1', '::ffff:10.0.0.1', ''].map((one) => blockContains(block, one)),
    [false, true, false, false, false, false],
  )
})

function viewOf(objects: Readonly<Record<string, readonly object[]>>, serviceCidrs = ['10.96.0.0/16']): ClusterView {
  const list = (storage: string): readonly ApiObject[] => (objects[storage] ?? []) as readonly ApiObject[]
  return {
    config: { serviceCidrs },
    list,
    find: (storage: string, namespace: string, name: string) =>
      list(storage).find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === namespace),
  } as unknown as ClusterView
}

test('addresses come from the server’s own ranges and from every ready one of the family', () => {
  const range = (cidrs: readonly string[], status: string, metadata: object = {}): object => ({
    metadata: { name: cidrs[0], ...metadata },
    spec: { cidrs },
    status: { conditions: [{ type: 'Ready', status }] },
  })
  const view = viewOf(
    {
      'networking.k8s.io/servicecidrs': [
        range(['10.96.0.0/16'], 'True'),
        range(['10.1.0.0/24', 'fd00:1::/112'], 'True'),
        range(['10.2.0.0/24'], 'True', { deletionTimestamp: 'x' }),
        range(['10.3.0.0/24'], 'False'),
      ],
    },
    ['fd00::/112', '10.96.0.0/16'],
  )
  const first = (family: 'IPv4' | 'IPv6'): readonly string[] =>
    serviceBlocks(view, family).map((block) => addressAt(block, 0))
  assert.deepEqual(first('IPv4'), ['10.96.0.1', '10.1.0.1'])
  assert.deepEqual(first('IPv6'), ['fd00::1', 'fd00:1::1'])
  assert.deepEqual(serviceFamilies(view), ['IPv6', 'IPv4'])
})

test('an address that an object holds is taken, unless its service is gone or asks for it', () => {
  const service = (name: string, ...clusterIPs: readonly string[]): object => ({
    metadata: { name, namespace: 'd' },
    spec: { clusterIP: clusterIPs[0], clusterIPs },
  })
  const held = (name: string, parentRef: object): object => ({ metadata: { name }, spec: { parentRef } })
  const view = viewOf({
    '/services': [service('a', '10.96.0.1', 'fd00::1'), service('moved', '10.96.0.9')],
    'networking.k8s.io/ipaddresses': [
      held('10.96.0.1', { resource: 'services', namespace: 'd', name: 'a' }),
      held('fd00::1', { resource: 'services', namespace: 'd', name: 'a' }),
      held('10.96.0.2', { resource: 'services', namespace: 'd', name: 'gone' }),
      held('10.96.0.3', { resource: 'services', namespace: 'd', name: 'moved' }),
      held('10.96.0.4', { group: 'example.com', resource: 'gateways', name: 'g' }),
    ],
  })
  const asking = service('a', '10.96.0.1') as ApiObject
  const is = (address: string, by?: ApiObject): boolean => isHeldByOther(view, address, by)
  assert.deepEqual(
    ['10.96.0.1', 'fd00::1', '10.96.0.2', '10.96.0.3', '10.96.0.4', '10.96.0.5'].map((address) => is(address)),
    [true, true, false, false, true, false],
  )
  assert.equal(is('10.96.0.1', asking), false)
})
