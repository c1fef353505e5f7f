import assert from 'node:assert/strict'
import test from 'node:test'
import { forwardedPorts } from './publish-ports.ts'
import { planPorts, showPorts } from './plan-ports.ts'
import type { PortPlanInput } from './plan-ports.ts'
import { portElements } from './filter-rules.ts'
import { chooseGateway, joinOrder, nextInterfaceName } from './choose-gateway.ts'

const plan = (input: Partial<PortPlanInput>): string[] =>
  planPorts({
    bindings: {},
    exposed: [],
    publishAll: false,
    defaultHostIp: undefined,
    hostHasIpv6: true,
    ...input,
  }).map(
    ({ protocol, containerPort, hostIp, hostPorts, group }) =>
      `${group} ${containerPort}/${protocol} ${hostIp} ${hostPorts === undefined ? 'any' : `${hostPorts.first}-${hostPorts.last}`}`,
  )

test('bindings without an address are made at every address of the host', () => {
  const bindings = { '80/tcp': [{ HostIp: '', HostPort: '8080' }] }
  assert.deepEqual(plan({ bindings }), ['1 80/tcp 0.0.0.0 8080-8080', '1 80/tcp :: 8080-8080'])
  assert.deepEqual(plan({ bindings, hostHasIpv6: false }), ['1 80/tcp 0.0.0.0 8080-8080'])
  assert.deepEqual(plan({ bindings, defaultHostIp: '10.0.0.1' }), ['1 80/tcp 10.0.0.1 8080-8080'])
  assert.deepEqual(plan({ bindings: { '53/udp': [{ HostIp: '[::1]', HostPort: '8000-8010' }] } }), [
    '1 53/udp ::1 8000-8010',
  ])
})

test('publishing all adds the exposed ports that have no binding of their own', () => {
  const bindings = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] }
  assert.deepEqual(plan({ bindings, exposed: ['80', '90/udp'], publishAll: true, hostHasIpv6: false }), [
    '1 80/tcp 127.0.0.1 any',
    '2 90/udp 0.0.0.0 any',
  ])
  assert.deepEqual(plan({ exposed: ['80/tcp'] }), [])
})

test('text that is no port is refused', () => {
  for (const key of ['x/tcp', '0/tcp', '65536/tcp', '80/icmp', ''])
    assert.throws(
      () => plan({ bindings: { [key]: [{ HostIp: '', HostPort: '' }] } }),
      /invalid port specification/,
      key,
    )
  for (const HostPort of ['abc', '70000', '9-8', '-1'])
    assert.throws(
      () => plan({ bindings: { '80/tcp': [{ HostIp: '', HostPort }] } }),
      /invalid port specification/,
      HostPort,
    )
  assert.throws(
    () => plan({ bindings: { '80/tcp': [{ HostIp: '1.2.3', HostPort: '1' }] } }),
    /invalid port specification/,
  )
})

test('inspect shows bindings by container port, null for ports that are exposed only', () => {
  const published = [{ protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }] as const
  assert.deepEqual(showPorts(published, ['80', '99/udp']), {
    '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }],
    '99/udp': null,
  })
})

test('what is exposed and is no port is shown as it is and never published', () => {
  const exposed = ['80/xyz', '70000', '']
  assert.deepEqual(showPorts([], exposed), { '80/xyz': null, '70000': null, '': null })
  assert.deepEqual(plan({ exposed, publishAll: true }), [])
})

test('the kernel forwards within a family; one transaction adds what another deletes', () => {
  const ports = [
    { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 },
    { protocol: 'tcp', containerPort: 80, hostIp: '::', hostPort: 8080 },
    { protocol: 'udp', containerPort: 53, hostIp: '127.0.0.1', hostPort: 5353 },
  ] as const
  const forwarded = forwardedPorts(ports, { ipv4: '172.17.0.2', ipv6: undefined })
  assert.equal(
    portElements('t', 'add', forwarded),
    'add element inet t any4 { tcp . 8080 : 172.17.0.2 . 80 }\nadd element inet t one4 { 127.0.0.1 . udp . 5353 : 172.17.0.2 . 53 }',
  )
  assert.equal(
    portElements('t', 'delete', forwarded),
    'delete element inet t any4 { tcp . 8080 }\ndelete element inet t one4 { 127.0.0.1 . udp . 5353 }',
  )
  assert.equal(portElements('t', 'add', []), '')
})

test('the way out is by priority, then not internal, then by name', () => {
  const endpoint = (networkId: string, gatewayPriority = 0): Parameters<typeof chooseGateway>[0][number] => ({
    id: networkId,
    networkId,
    containerId: 'c',
    interfaceName: 'eth0',
    mac: '',
    gateway4: '1.1.1.1',
    aliases: [],
    links: {},
    gatewayPriority,
  })
  const networkOf = (id: string): ReturnType<Parameters<typeof chooseGateway>[1]> =>
    ({ id, name: id, internal: id.startsWith('in') }) as ReturnType<Parameters<typeof chooseGateway>[1]>
  const chosen = (...endpoints: Parameters<typeof chooseGateway>[0]): string | undefined =>
    chooseGateway(endpoints, networkOf)?.networkId
  assert.equal(chosen(endpoint('b'), endpoint('a')), 'a')
  assert.equal(chosen(endpoint('in-a'), endpoint('z')), 'z')
  assert.equal(chosen(endpoint('a'), endpoint('z', 5)), 'z')
  assert.equal(chosen(), undefined)
  assert.equal(nextInterfaceName('eth', ['eth0', 'eth2']), 'eth1')
  assert.deepEqual(joinOrder('default', ['app', 'bridge']), ['bridge', 'app'])
  assert.deepEqual(joinOrder('app', ['back', 'app']), ['app', 'back'])
})
