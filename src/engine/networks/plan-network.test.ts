import assert from 'node:assert/strict'
import test from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import { defaultPools, leaseAddress } from './address-pools.ts'
import { parsePrefix } from './address.ts'
import type { NetworkRecord } from './network-record.ts'
import { planNetwork } from './plan-network.ts'
import type { NetworkCreateBody } from './plan-network.ts'
import { isPrunable, matchesFilters, viewNetwork } from './view-networks.ts'

const id = 'a'.repeat(64)

function plan(
  body: NetworkCreateBody,
  existing: readonly NetworkRecord[] = [],
  host: readonly string[] = [],
): NetworkRecord {
  return planNetwork({
    body,
    id,
    createdAt: 0,
    existing,
    hostPrefixes: host.flatMap((text) => parsePrefix(text) ?? []),
    pools: defaultPools,
  })
}

const subnets = (network: NetworkRecord): string[] => network.ipam.pools.map(({ subnet }) => subnet)

test('a network without wishes gets the next default pool that nobody uses', () => {
  assert.deepEqual(subnets(plan({ Name: 'n' })), ['172.17.0.0/16'])
  const first = plan({ Name: 'first' })
  assert.deepEqual(subnets(plan({ Name: 'n' }, [first], ['172.18.3.0/24'])), ['172.19.0.0/16'])
  assert.deepEqual(subnets(plan({ Name: 'n' }, [], ['172.16.0.0/12', '192.168.0.1/20'])), ['192.168.16.0/20'])
  assert.throws(
    () => plan({ Name: 'n' }, [], ['172.16.0.0/12', '192.168.0.0/16']),
    /could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network/,
  )
  assert.equal(plan({ Name: 'n' }).ipam.pools[0]?.gateway, '172.17.0.1')
  assert.deepEqual(subnets(plan({ Name: 'n', EnableIPv6: true })), ['172.17.0.0/16', 'fdaa:aaaa:aaaa:aaaa::/64'])
})

test('requests that cannot be met are refused in the words and kinds that clients know', () => {
  const existing = [plan({ Name: 'taken', IPAM: { Config: [{ Subnet: '10.94.0.0/24' }] } })]
  const ipam = (config: object): Partial<NetworkCreateBody> => ({ IPAM: { Config: [config] } })
  const table: readonly (readonly [Partial<NetworkCreateBody>, string, RegExp])[] = [
    [{ Name: 'taken' }, 'conflict', /^network with name taken already exists$/],
    [{ Name: 'bridge' }, 'forbidden', /^operation is not permitted on predefined bridge network$/],
    [{ Name: 'default' }, 'forbidden', /^operation is not permitted on predefined default network$/],
    [{ Name: '' }, 'invalid', /invalid network name/],
    [{ Name: ' ' }, 'invalid', /invalid network name/],
    [{ Name: 'a\nb' }, 'invalid', /invalid network name/],
    [{ Driver: 'overlay' }, 'unavailable', /^This node is not a swarm manager\. Use "docker swarm init"/],
    [{ Driver: 'host' }, 'forbidden', /^only one instance of "host" network is allowed$/],
    [{ Driver: 'nosuch' }, 'not-found', /^plugin "nosuch" not found$/],
    [{ Driver: 'toString' }, 'not-found', /plugin "toString" not found/],
    [
      ipam({ Subnet: '10.91.0.0/99' }),
      'invalid',
      /^Invalid subnet 10\.91\.0\.0\/99 : invalid CIDR address: 10\.91\.0\.0\/99$/,
    ],
    [ipam({ Subnet: '10.94.0.0/16' }), 'forbidden', /^Pool overlaps with other one on this address space$/],
    [ipam({ Subnet: '10.91.0.0/24', Gateway: '10.1.1.1' }), 'invalid', /invalid gateway 10\.1\.1\.1/],
    [ipam({ Subnet: '10.91.0.0/24', IPRange: '10.92.0.0/25' }), 'invalid', /invalid ip-range/],
    [ipam({ Subnet: '10.91.0.0/24', AuxiliaryAddresses: { router: '10.1.1.1' } }), 'invalid', /auxiliary address/],
    [ipam({ Gateway: '10.91.0.1' }), 'invalid', /needs a subnet/],
    [{ IPAM: { Driver: 'remote' } }, 'not-found', /ipam driver/],
    [{ Options: { 'com.docker.network.bridge.enable_icc': 'maybe' } }, 'invalid', /enable_icc/],
    [{ Options: { 'com.docker.network.bridge.name': 'much-too-long-for-a-link' } }, 'invalid', /bridge\.name/],
    [{ ConfigOnly: true, Internal: true }, 'forbidden', /configuration network can only contain/],
    [{ ConfigFrom: { Network: 'nosuch' } }, 'not-found', /network nosuch not found/],
  ]
  for (const [body, kind, words] of table) {
    assert.throws(
      () => plan({ Name: 'n', ...body }, existing),
      (error) => error instanceof GantryError && error.kind === kind && words.test(error.message),
      JSON.stringify(body),
    )
  }
})

test('a network made from a configuration has its options and pools', () => {
  const config = plan({
    Name: 'conf',
    ConfigOnly: true,
    Options: { 'com.docker.network.driver.mtu': '1400' },
    IPAM: { Config: [{ Subnet: '10.90.0.0/24' }] },
  })
  const made = plan({ Name: 'n', ConfigFrom: { Network: 'conf' } }, [config])
  assert.deepEqual(
    [made.configFrom, made.options, subnets(made), made.userSubnet],
    ['conf', config.options, ['10.90.0.0/24'], true],
  )
})

test('addresses are leased from the lowest free one, never those that are reserved', () => {
  const network = plan({
    Name: 'n',
    IPAM: { Config: [{ Subnet: '10.92.0.0/29', AuxiliaryAddresses: { printer: '10.92.0.3' } }] },
  })
  const lease = (taken: readonly string[], wanted?: string): string | undefined =>
    leaseAddress({ network, family: 4, taken: new Set(taken), ...(wanted === undefined ? {} : { wanted }) })?.address
  assert.equal(lease([]), '10.92.0.2')
  assert.equal(lease(['10.92.0.2']), '10.92.0.4')
  assert.equal(lease(['10.92.0.4'], '10.92.0.5'), '10.92.0.5')
  assert.throws(() => lease(['10.92.0.5'], '10.92.0.5'), /^GantryError: Address already in use$/)
  assert.throws(() => lease([], '10.92.0.1'), /Address already in use/)
  assert.throws(
    () => lease([], '10.93.0.1'),
    /^GantryError: Invalid address 10\.93\.0\.1: It does not belong to any of this network's subnets$/,
  )
  assert.throws(
    () => lease(['10.92.0.2', '10.92.0.4', '10.92.0.5', '10.92.0.6']),
    /no available IPv4 addresses on this network's address pools: n \(a{64}\)/,
  )
  assert.equal(leaseAddress({ network, family: 6, taken: new Set() }), undefined)
})

test('a range narrows what is leased, not what may be wished for', () => {
  const network = plan({ Name: 'n', IPAM: { Config: [{ Subnet: '10.92.0.0/24', IPRange: '10.92.0.128/28' }] } })
  assert.equal(network.ipam.pools[0]?.gateway, '10.92.0.128')
  assert.equal(leaseAddress({ network, family: 4, taken: new Set() })?.address, '10.92.0.129')
  assert.equal(leaseAddress({ network, family: 4, taken: new Set(), wanted: '10.92.0.7' })?.address, '10.92.0.7')
})

test('inspect shows every field, lists and maps never null', () => {
  const network = plan({ Name: 'n', Labels: { a: '1' }, IPAM: { Config: [{ Subnet: '10.92.0.0/24' }] } })
  const endpoint = {
    id: 'e',
    networkId: id,
    containerId: 'c',
    interfaceName: 'eth0',
    mac: '02:42:0a:5c:00:02',
    ipv4: '10.92.0.2',
    ipv4Length: 24,
    aliases: [],
    links: {},
    gatewayPriority: 0,
  }
  const sandbox = { containerId: 'c', name: 'web', hostname: 'c', dns: [], endpoints: [endpoint], ports: [] }
  assert.deepEqual(viewNetwork(network, [{ sandbox, endpoint }]), {
    Name: 'n',
    Id: id,
    Created: '1970-01-01T00:00:00Z',
    Scope: 'local',
    Driver: 'bridge',
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: '10.92.0.0/24', Gateway: '10.92.0.1' }] },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: {
      c: {
        Name: 'web',
        EndpointID: 'e',
        MacAddress: '02:42:0a:5c:00:02',
        IPv4Address: '10.92.0.2/24',
        IPv6Address: '',
      },
    },
    Options: {},
    Labels: { a: '1' },
  })
})

test('filters choose by every key that clients know and refuse others', () => {
  const network = plan({ Name: 'app-front', Labels: { tier: 'web', x: '' } })
  const table: readonly (readonly [Record<string, string[]>, boolean])[] = [
    [{ name: ['front'] }, true],
    [{ name: ['back', 'app'] }, true],
    [{ id: ['aaaa'] }, true],
    [{ id: ['bbbb'] }, false],
    [{ driver: ['null'] }, false],
    [{ label: ['tier=web', 'x'] }, true],
    [{ label: ['tier=web', 'y'] }, false],
    [{ type: ['custom'] }, true],
    [{ type: ['builtin'] }, false],
    [{ scope: ['local'] }, true],
    [{ scope: ['swarm'] }, false],
    [{ dangling: ['true'] }, true],
    [{ dangling: ['false'] }, false],
  ]
  for (const [filters, matches] of table)
    assert.equal(matchesFilters(network, filters, { used: false }), matches, JSON.stringify(filters))
  assert.throws(() => matchesFilters(network, { nonsense: ['1'] }, { used: false }), /Invalid filter 'nonsense'/)
  assert.equal(isPrunable(network, { label: ['tier'], withoutLabel: [], until: undefined }, { used: false }), true)
  assert.equal(isPrunable(network, { label: [], withoutLabel: ['tier'], until: undefined }, { used: false }), false)
  assert.equal(isPrunable(network, { label: [], withoutLabel: [], until: -1 }, { used: false }), false)
  assert.equal(isPrunable(network, { label: [], withoutLabel: [], until: undefined }, { used: true }), false)
})
