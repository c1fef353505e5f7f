import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#kit/reconcile/virtual-clock.contract.ts'
import type { ApiObject } from '../api-object.ts'
import type { ClusterView } from '../cluster-view.ts'
import { addressNumber, addressRange, addressText, createAllocations, NumberPool } from './allocations.ts'
import { isHeldByOther, serviceRanges } from './service-ranges.ts'

test('numbers are chosen above the lowest ones until only these are left', () => {
  const pool = new NumberPool([1, 100], { share: 16, most: 256 }, seededRandom())
  const taken = new Set<number>()
  const choose = (): number | undefined => {
    const value = pool.choose((one) => taken.has(one))
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

test('a number that a running request has chosen is nobody else’s until that request ends', () => {
  const pool = new NumberPool([5, 6], { share: 16, most: 256 }, seededRandom())
  const release = pool.reserve(5)
  assert.equal(
    pool.choose(() => false),
    6,
  )
  assert.equal(
    pool.choose((one) => one === 6),
    undefined,
  )
  release()
  assert.equal(
    pool.choose((one) => one === 6),
    5,
  )
})

test('ports and addresses keep bands of their own size', () => {
  const { addresses, nodePorts } = createAllocations(
    { serviceCidr: '10.96.0.0/16', nodePorts: [30_000, 32_767] },
    seededRandom(),
  )
  for (let times = 0; times < 200; times++) {
    assert.ok((addresses.choose(() => false) ?? 0) >= addressNumber('10.96.1.1'))
    assert.ok((nodePorts.choose(() => false) ?? 0) >= 30_086)
  }
})

function viewOf(objects: Readonly<Record<string, readonly object[]>>): ClusterView {
  const list = (storage: string): readonly ApiObject[] => (objects[storage] ?? []) as readonly ApiObject[]
  return {
    config: { serviceCidr: '10.96.0.0/16' },
    list,
    find: (storage: string, namespace: string, name: string) =>
      list(storage).find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === namespace),
  } as unknown as ClusterView
}

test('addresses come from the server’s own range and from every ready one of IPv4', () => {
  const range = (cidrs: readonly string[], status: string, metadata: object = {}): object => ({
    metadata: { name: cidrs[0], ...metadata },
    spec: { cidrs },
    status: { conditions: [{ type: 'Ready', status }] },
  })
  const view = viewOf({
    'networking.k8s.io/servicecidrs': [
      range(['10.96.0.0/16'], 'True'),
      range(['10.1.0.0/24', 'fd00::/112'], 'True'),
      range(['10.2.0.0/24'], 'True', { deletionTimestamp: 'x' }),
      range(['10.3.0.0/24'], 'False'),
    ],
  })
  assert.deepEqual(
    serviceRanges(view).map((one) => one.map(addressText)),
    [
      ['10.96.0.1', '10.96.255.254'],
      ['10.1.0.1', '10.1.0.254'],
    ],
  )
  assert.deepEqual(addressRange('10.1.0.0/30').map(addressText), ['10.1.0.1', '10.1.0.2'])
})

test('an address that an object holds is taken, unless its service is gone or asks for it', () => {
  const service = (name: string, clusterIP: string): object => ({
    metadata: { name, namespace: 'd' },
    spec: { clusterIP },
  })
  const held = (name: string, parentRef: object): object => ({ metadata: { name }, spec: { parentRef } })
  const view = viewOf({
    '/services': [service('a', '10.96.0.1'), service('moved', '10.96.0.9')],
    'networking.k8s.io/ipaddresses': [
      held('10.96.0.1', { resource: 'services', namespace: 'd', name: 'a' }),
      held('10.96.0.2', { resource: 'services', namespace: 'd', name: 'gone' }),
      held('10.96.0.3', { resource: 'services', namespace: 'd', name: 'moved' }),
      held('10.96.0.4', { group: 'example.com', resource: 'gateways', name: 'g' }),
    ],
  })
  const asking = service('a', '10.96.0.1') as ApiObject
  const is = (address: string, by?: ApiObject): boolean => isHeldByOther(view, addressNumber(address), by)
  assert.deepEqual(
    ['10.96.0.1', '10.96.0.2', '10.96.0.3', '10.96.0.4', '10.96.0.5'].map((address) => is(address)),
    [true, false, false, true, false],
  )
  assert.equal(is('10.96.0.1', asking), false)
})
