import assert from 'node:assert/strict'
import test from 'node:test'
import type { ContainerRecord } from '#engine/containers/container-record.ts'
import type { EndpointSettings, HostConfig } from '#spec/docker/container-config.ts'
import { connectNetwork, createContainerNetworking, disconnectNetwork } from './container-networking.ts'
import { networksFixture } from './networks.contract.ts'

const hostFiles = {
  hostResolvConf: async () => 'nameserver 10.0.0.53\n',
  hostHosts: async () => '127.0.0.1\tlocalhost host\n',
}

/** The parts of a record that networks look at. */
function recordOf(
  name: string,
  networks: Readonly<Record<string, EndpointSettings>>,
  hostConfig: Partial<HostConfig> = {},
): ContainerRecord {
  const id = Buffer.from(name.padEnd(32, '.')).toString('hex')
  const common = {
    NetworkMode: 'default',
    Dns: [],
    DnsSearch: [],
    DnsOptions: [],
    ExtraHosts: null,
    Links: null,
    PortBindings: {},
    PublishAllPorts: false,
  }
  return {
    id,
    name,
    networks,
    config: { Hostname: id.slice(0, 12), Domainname: '', ExposedPorts: { '99/tcp': {} } },
    hostConfig: { ...common, ...hostConfig },
  } as unknown as ContainerRecord
}

test('a container keeps what it asked for, gets the rest for one run, and sees its links', async () => {
  await using engine = await networksFixture()
  const networking = createContainerNetworking(engine.networks, hostFiles)
  const plan = networking.plan({ networkMode: 'default', endpoints: {}, macAddress: '02:00:00:00:00:05' })
  const db = recordOf('cw-db', plan)
  const first = await networking.connect(db)
  assert.equal(first.endpoints['bridge']?.MacAddress, '02:00:00:00:00:05')
  assert.match(first.endpoints['bridge']?.IPAddress ?? '', /\.2$/)
  assert.equal(first.resolvConf, 'nameserver 10.0.0.53\n')
  const web = recordOf('cw-web', networking.plan({ networkMode: 'default', endpoints: {}, macAddress: undefined }), {
    Links: ['cw-db:db'],
    ExtraHosts: ['gw:host-gateway'],
  })
  const second = await networking.connect(web)
  assert.match(
    second.hosts,
    new RegExp(
      `\\n${first.endpoints['bridge']?.Gateway}\\tgw\\n${first.endpoints['bridge']?.IPAddress}\\tdb ${db.id.slice(0, 12)} cw-db\\n`,
    ),
  )
  assert.deepEqual(networking.publishedPorts(web), { '99/tcp': null })
  assert.deepEqual(networking.sandboxOf(web), { id: web.id, key: second.netnsPath })
  const rest = await networking.disconnect({ ...db, networks: first.endpoints })
  assert.deepEqual(
    { address: rest['bridge']?.IPAddress, mac: rest['bridge']?.MacAddress },
    { address: '', mac: '02:00:00:00:00:05' },
  )
  await assert.rejects(
    networking.connect(recordOf('cw-late', plan, { Links: ['cw-db:db'] })),
    /Cannot link to a non running container: \/cw-db AS \/cw-late\/db/,
  )
  assert.deepEqual(networking.sandboxOf(db), { id: '', key: '' })
})

test("modes without a network of their own share another's", async () => {
  await using engine = await networksFixture()
  const networking = createContainerNetworking(engine.networks, hostFiles)
  const planned = (networkMode: string): Readonly<Record<string, EndpointSettings>> =>
    networking.plan({ networkMode, endpoints: {}, macAddress: undefined })
  const host = await networking.connect(recordOf('on-host', planned('host'), { NetworkMode: 'host' }))
  assert.deepEqual(
    [host.netnsPath, host.hosts, Object.keys(host.endpoints)],
    [undefined, '127.0.0.1\tlocalhost host\n', ['host']],
  )
  const alone = await networking.connect(recordOf('alone', planned('none'), { NetworkMode: 'none' }))
  assert.notEqual(alone.netnsPath, undefined)
  assert.equal(alone.hosts.split('\n').length, 7)
  assert.deepEqual(planned('container:alone'), {})
  const shared = await networking.connect(recordOf('guest', {}, { NetworkMode: 'container:alone' }))
  assert.equal(shared.netnsPath, alone.netnsPath)
  await assert.rejects(
    networking.connect(recordOf('guest', {}, { NetworkMode: 'container:nosuch' })),
    /cannot join network of a non running container/,
  )
  assert.deepEqual(Object.keys(engine.networks.inspect('none')['Containers'] as object).length, 1)
})

test('what a network cannot give is refused before anything is made', async () => {
  await using engine = await networksFixture()
  await engine.networks.create({ Name: 'auto' })
  const networking = createContainerNetworking(engine.networks, hostFiles)
  const plan = (networkMode: string, asked: Partial<EndpointSettings>): unknown =>
    networking.plan({ networkMode, endpoints: { [networkMode]: asked }, macAddress: undefined })
  const address = { IPAMConfig: { IPv4Address: '10.1.2.3' } }
  const early = recordOf('early', plan('nosuch', {}) as Record<string, EndpointSettings>, { NetworkMode: 'nosuch' })
  await assert.rejects(networking.connect(early), /^GantryError: network nosuch not found$/)
  await engine.networks.create({ Name: 'nosuch' })
  assert.equal((await networking.connect(early)).endpoints['nosuch']?.NetworkID, engine.networks.find('nosuch').id)
  assert.throws(() => plan('bridge', address), /user specified IP address is supported on user defined networks only/)
  assert.throws(() => plan('auto', address), /only when connecting to networks with user configured subnets/)
  assert.throws(
    () => plan('bridge', { Aliases: ['a'] }),
    /network-scoped alias is supported only for containers in user defined networks/,
  )
  const auto = engine.networks.find('auto')
  await assert.rejects(
    connectNetwork(engine.networks, recordOf('x', {}, { NetworkMode: 'host' }), { network: auto, asked: {} }),
    /container sharing network namespace/,
  )
  const stopped = recordOf('x', plan('auto', {}) as Record<string, EndpointSettings>)
  await assert.rejects(
    connectNetwork(engine.networks, stopped, { network: auto, asked: {} }),
    /endpoint with name x already exists in network auto/,
  )
  await assert.rejects(disconnectNetwork(engine.networks, recordOf('x', {}), auto), /is not connected to network auto/)
  await disconnectNetwork(engine.networks, stopped, auto)
})

test('two engines on one machine choose different subnets', async () => {
  await using one = await networksFixture()
  await using two = await networksFixture({ pools: one.pools })
  await Promise.all([one.networks.create({ Name: 'a' }), two.networks.create({ Name: 'a' })])
  const subnets = [one, two].flatMap(({ networks }) =>
    networks.list({ driver: ['bridge'] }).map(({ IPAM }) => JSON.stringify(IPAM)),
  )
  assert.equal(new Set(subnets).size, 4)
})
