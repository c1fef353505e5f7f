import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipAddresses, serviceCIDRs, services } from '#clients/kubernetes/resources.table.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import type { Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { IPAddress, ServiceCIDR } from '#spec/kubernetes/objects/networking-v1.generated.ts'
import { createBench } from '../bench.contract.ts'
import { blockHasAddress, blockHasBlock, blocksOverlap } from './blocks.ts'
import { planAddress } from './plan-address.ts'
import { cidrFinalizer, mayGo, planServiceCidr } from './plan-service-cidr.ts'
import { startServiceAddresses } from './service-addresses.ts'
import { startServiceCidrs } from './service-cidr.ts'

const nowMs = 1_800_000_000_000

function serviceLike(name: string, clusterIP: string, spec: object = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, creationTimestamp: apiTime(nowMs) },
    spec: { clusterIP, clusterIPs: [clusterIP], ...spec },
  } as Service
}

function addressLike(name: string, service: string, labels?: object): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name,
      uid: `uid-${name}`,
      labels: labels ?? {
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: service } },
  } as IPAddress
}

function cidrLike(name: string, cidrs: readonly string[], metadata: object = {}): ServiceCIDR {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name, ...metadata },
    spec: { cidrs },
  } as ServiceCIDR
}

test('addresses and blocks lie in blocks', () => {
  const rows: [string, string, boolean][] = [
    ['10.96.0.0/16', '10.96.255.255', true],
    ['10.96.0.0/16', '10.97.0.0', false],
    ['10.96.0.0/12', '10.111.0.1', true],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['fd00::/108', 'fd00::f:ffff', true],
    ['fd00::/108', 'fd00::10:0', false],
    ['10.96.0.0/16', 'fd00::1', false],
    ['nonsense', '10.96.0.1', false],
  ]
  for (const [block, address, want] of rows) assert.equal(blockHasAddress(block, address), want, `${block} ${address}`)
  assert.deepEqual(
    [
      blockHasBlock('10.0.0.0/8', '10.96.0.0/16'),
      blockHasBlock('10.96.0.0/16', '10.0.0.0/8'),
      blocksOverlap('10.96.0.0/16', '10.0.0.0/8'),
      blocksOverlap('10.96.0.0/16', '10.97.0.0/16'),
    ],
    [true, false, true, false],
  )
})

test('an address has an object that says which service has it', () => {
  const blocks = ['10.96.0.0/16']
  const address = '10.96.0.9'
  const a = serviceLike('a', address)
  const did = (services_: readonly Service[], known?: IPAddress, inBlocks: readonly string[] = blocks): string[] => {
    const plan = planAddress({ address, known, services: services_, blocks: inBlocks, nowMs })
    return [
      ...(plan.actions ?? []).map((action) => `${action.do} ${action.object.metadata.name ?? ''}`),
      ...(plan.events ?? []).map(({ reason, message }) => `${reason}: ${message}`),
    ]
  }
  const rows: [string, string[], string[]][] = [
    ['nobody', did([]), []],
    ['a new service', did([a]), ['create 10.96.0.9']],
    ['as it should be', did([a], addressLike(address, 'a')), []],
    ['a service that is gone', did([], addressLike(address, 'a')), ['delete 10.96.0.9']],
    ['an address of somebody else', did([], addressLike(address, 'a', {})), []],
    [
      'a wrong reference',
      did([a], addressLike(address, 'b')),
      [
        'delete 10.96.0.9',
        'create 10.96.0.9',
        'ClusterIPNotAllocated: the ClusterIP [IPv4]: 10.96.0.9 for Service default/a has a wrong reference; repairing',
      ],
    ],
    [
      'two services',
      did([serviceLike('b', address), a], addressLike(address, 'a')),
      [
        'ClusterIPAlreadyAllocated: Cluster IP [IPv4]:10.96.0.9 was assigned to multiple services; please recreate service',
      ],
    ],
    [
      'no range for it',
      did([a], addressLike(address, 'a'), ['10.97.0.0/16']),
      [
        'ClusterIPOutOfRange: Cluster IP [IPv4]: 10.96.0.9 is not within any configured Service CIDR; please recreate service',
      ],
    ],
  ]
  for (const [name, did_, want] of rows) assert.deepEqual(did_, want, name)
})

test('a range goes when its addresses lie in others or nobody has any', () => {
  const own = cidrLike('own', ['10.1.0.0/24'])
  const all = [own, cidrLike('other', ['10.2.0.0/24'])]
  assert.equal(mayGo({ cidr: own, all, addresses: [] }), true)
  assert.equal(mayGo({ cidr: own, all, addresses: [addressLike('10.1.0.5', 'a')] }), false)
  assert.equal(mayGo({ cidr: own, all, addresses: [addressLike('10.1.0.5', 'a', {})] }), true)
  assert.equal(mayGo({ cidr: own, all, addresses: [addressLike('10.2.0.5', 'a')] }), true)
  const wide = cidrLike('wide', ['10.0.0.0/8'])
  assert.equal(mayGo({ cidr: own, all: [...all, wide], addresses: [addressLike('10.1.0.5', 'a')] }), true)
  const leaving = cidrLike('own', ['10.1.0.0/24'], {
    deletionTimestamp: apiTime(nowMs - 4000),
    finalizers: [cidrFinalizer],
  })
  assert.deepEqual(planServiceCidr({ cidr: leaving, all: [leaving], addresses: [], nowMs }), { lookAgainAfterMs: 6000 })
})

test('ranges become ready, are protected while in use, and addresses follow their services', async () => {
  await using bench = createBench()
  bench.start(startServiceCidrs)
  bench.start(startServiceAddresses)
  await bench.api.create(serviceCIDRs, cidrLike('kubernetes', ['10.96.0.0/16']))
  await bench.api.create(serviceCIDRs, cidrLike('extra', ['10.1.0.0/24']))
  await bench.api.create(services, serviceLike('a', '10.1.0.5'))
  await bench.api.create(services, serviceLike('headless', 'None'))
  await bench.api.create(services, serviceLike('elsewhere', '', { type: 'ExternalName' }))
  await bench.pass(1000)
  const extra = (): ServiceCIDR | undefined =>
    bench.api.all(serviceCIDRs).find(({ metadata }) => metadata.name === 'extra')
  const ready = (): unknown[] =>
    (extra()?.status?.conditions ?? []).map(({ status, message }) => `${status} ${message}`)
  assert.deepEqual(ready(), ['True Kubernetes Service CIDR is ready'])
  assert.deepEqual(
    bench.api.all(ipAddresses).map(({ metadata, spec }) => [metadata.name, spec.parentRef.name]),
    [['10.1.0.5', 'a']],
  )
  await bench.api.delete(serviceCIDRs, 'extra')
  await bench.pass(60_000)
  assert.deepEqual(ready(), [
    'False There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
  ])
  await bench.api.delete(services, 'a', { namespace: 'default' })
  await bench.pass(60_000)
  assert.deepEqual([bench.api.all(ipAddresses).length, extra()], [0, undefined])
})
