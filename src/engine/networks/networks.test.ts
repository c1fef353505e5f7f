import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { connect as connectTcp, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import test from 'node:test'
import type { ChildProcess } from '#world/ports/processes.ts'
import { networksFixture } from './networks.contract.ts'
import type { NetworksFixture } from './networks.contract.ts'

const answering = `
import socket, sys, threading
family = socket.AF_INET6 if sys.argv[3] == '6' else socket.AF_INET
tcp = socket.socket(family); tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); tcp.bind(('', int(sys.argv[1]))); tcp.listen(64)
udp = socket.socket(family, socket.SOCK_DGRAM); udp.bind(('', int(sys.argv[1])))
def datagrams():
    while True:
        data, peer = udp.recvfrom(2048); udp.sendto(sys.argv[2].encode(), peer)
threading.Thread(target=datagrams, daemon=True).start()
print('up', flush=True)
while True:
    c, peer = tcp.accept(); c.sendall((sys.argv[2] + ' ' + peer[0]).encode()); c.close()
`

/** A program in the container that answers TCP and UDP on a port with its name and, over TCP, who asked. */
async function serve(
  engine: NetworksFixture,
  containerId: string,
  { port, text, family = 4 }: { port: number; text: string; family?: 4 | 6 },
): Promise<Disposable> {
  const server: ChildProcess = engine.world.processes.spawn(
    'nsenter',
    [`--net=${engine.networks.netnsPath(containerId)}`, 'python3', '-c', answering, String(port), text, String(family)],
    { descriptors: ['null', 'pipe', 'null'], env: { PATH: process.env['PATH'] ?? '' } },
  )
  await new Promise<void>((resolve, reject) => {
    server.pipes.get(1)?.once('data', () => resolve())
    void server.exited.then(() => reject(new Error('the server ended')))
  })
  return { [Symbol.dispose]: () => server.kill('SIGKILL') }
}

const asking = `import socket,sys
try:
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2); print(s.recv(100).decode())
except Exception as e: print(type(e).__name__)`

function ask(engine: NetworksFixture, containerId: string, [host, port]: readonly [string, number]): Promise<string> {
  return engine.inside(containerId, `python3 -c '${asking}' ${host} ${port}`).then((text) => text.trim())
}

/** Nothing that is asked of the host is expected to time out. */
const answersWithinMs = 30_000

function askTcp(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connectTcp({ host, port, timeout: answersWithinMs })
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
    socket.on('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'TIMEOUT' })))
    socket.on('end', () => resolve(text))
  })
}

function askUdp(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const finish = (text: string): void => {
      clearTimeout(timer)
      socket.close()
      resolve(text)
    }
    const timer = setTimeout(() => finish('TIMEOUT'), answersWithinMs)
    socket.once('message', (data) => finish(data.toString()))
    socket.send('?', port, host)
  })
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const hostAddress = (): string | undefined =>
  Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal && !/^198\.1[89]\./.test(address.address))
    ?.address

test('a container on the default bridge has an address, a route out and a MAC from its address', async () => {
  await using engine = await networksFixture()
  const id = await engine.join('one', ['bridge'])
  const endpoint = engine.networks.sandbox(id)?.endpoints[0]
  assert.match(endpoint?.ipv4 ?? '', /^198\.1[89]\.\d+\.2$/)
  assert.equal(endpoint?.interfaceName, 'eth0')
  const hex = (endpoint?.ipv4 ?? '').split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  assert.equal(endpoint?.mac, ['02', '42', ...hex].join(':'))
  assert.match(await engine.inside(id, 'ip route'), new RegExp(`^default via ${endpoint?.gateway4} dev eth0`))
  assert.doesNotMatch(await engine.inside(id, 'ip addr show eth0'), /inet6/)
  await engine.networks.leave(id)
  assert.deepEqual(
    engine.events.map(({ action }) => action),
    ['connect', 'disconnect'],
  )
})

test('containers of one network reach each other, those of two do not, and internal ones reach nobody outside', async () => {
  await using engine = await networksFixture()
  for (const [Name, Internal] of [
    ['a', false],
    ['b', false],
    ['closed', true],
  ] as const)
    await engine.networks.create({ Name, Internal })
  const one = await engine.join('one', ['a'])
  const two = await engine.join('two', ['a'])
  const three = await engine.join('three', ['b'])
  const [four, five] = [await engine.join('four', ['closed']), await engine.join('five', ['closed'])]
  using _one = await serve(engine, one, { port: 80, text: 'one' })
  using _four = await serve(engine, four, { port: 80, text: 'four' })
  const [address, closed] = [one, four].map((id) => engine.networks.sandbox(id)?.endpoints[0]?.ipv4 ?? '')
  assert.match(await ask(engine, two, [address ?? '', 80]), /^one /)
  assert.equal(await ask(engine, three, [address ?? '', 80]), 'TimeoutError')
  assert.match(await ask(engine, five, [closed ?? '', 80]), /^four /)
  assert.equal(await ask(engine, one, [closed ?? '', 80]), 'TimeoutError')
  assert.equal(await ask(engine, five, [address ?? '', 80]), 'TimeoutError')
})

test('without inter-container traffic neighbours are out of reach', async () => {
  await using engine = await networksFixture()
  await engine.networks.create({ Name: 'apart', Options: { 'com.docker.network.bridge.enable_icc': 'false' } })
  const [one, two] = [await engine.join('one', ['apart']), await engine.join('two', ['apart'])]
  using _one = await serve(engine, one, { port: 80, text: 'one' })
  assert.match(
    await ask(engine, two, [engine.networks.sandbox(one)?.endpoints[0]?.ipv4 ?? '', 80]),
    /OSError|TimeoutError/,
  )
})

test('a published port answers on every way to it and is free again afterwards', async () => {
  await using engine = await networksFixture()
  await engine.networks.create({ Name: 'other' })
  const port = await freePort()
  const binding = [{ HostIp: '', HostPort: String(port) }]
  const web = await engine.join('web', ['bridge'], { bindings: { '80/tcp': binding, '80/udp': binding } })
  using _web = await serve(engine, web, { port: 80, text: 'web' })
  const gateway = engine.networks.sandbox(web)?.endpoints[0]?.gateway4 ?? ''
  assert.match(await askTcp('127.0.0.1', port), /^web /)
  assert.match(await askTcp('::1', port), /^web /)
  assert.match(await askTcp(gateway, port), /^web /)
  const own = hostAddress()
  if (own !== undefined) assert.match(await askTcp(own, port), /^web /)
  assert.equal(await askUdp('127.0.0.1', port), 'web')
  assert.equal(await askUdp('::1', port), 'web')
  assert.match(await ask(engine, web, [gateway, port]), /^web /, 'from the container itself')
  const neighbour = await engine.join('neighbour', ['bridge'])
  assert.match(await ask(engine, neighbour, [gateway, port]), /^web /, 'from its own network')
  const stranger = await engine.join('stranger', ['other'])
  assert.match(await ask(engine, stranger, [gateway, port]), /^web /, 'from another network')
  await engine.networks.leave(web)
  assert.equal(await askTcp('127.0.0.1', port), 'ECONNREFUSED')
})

test('a port on loopback answers there only, also to nobody inside containers', async () => {
  await using engine = await networksFixture()
  const port = await freePort()
  const web = await engine.join('web', ['bridge'], {
    bindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
  })
  using _web = await serve(engine, web, { port: 80, text: 'web' })
  const gateway = engine.networks.sandbox(web)?.endpoints[0]?.gateway4 ?? ''
  assert.match(await askTcp('127.0.0.1', port), /^web /)
  assert.equal(await askTcp(gateway, port), 'ECONNREFUSED')
  assert.match(
    await engine.inside(
      web,
      `ip route add 127.0.0.1/32 via ${gateway} 2>&1; sysctl -qw net.ipv4.conf.all.route_localnet=1; ip route del local 127.0.0.1 table local; ip route del local 127.0.0.0/8 table local; python3 -c '${asking}' 127.0.0.1 ${port}`,
    ),
    /Error|timeout/,
  )
})

test('a port that is taken is refused in the words that clients know, and nothing of the container stays', async () => {
  await using engine = await networksFixture()
  const port = await freePort()
  const ports = { bindings: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: String(port) }] } }
  await engine.join('first', ['bridge'], ports)
  await assert.rejects(
    engine.join('second', ['bridge'], ports),
    new RegExp(
      `^GantryError: driver failed programming external connectivity on endpoint second \\([0-9a-f]{64}\\): Bind for 0\\.0\\.0\\.0:${port} failed: port is already allocated$`,
    ),
  )
  assert.equal(engine.networks.sandboxes().length, 1)
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port: held } = server.address() as AddressInfo
  await assert.rejects(
    engine.join('third', ['bridge'], { bindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(held) }] } }),
    new RegExp(`listen tcp4 127\\.0\\.0\\.1:${held}: bind: address already in use$`),
  )
  server.close()
  const free = await engine.join('fourth', ['bridge'], {
    bindings: {},
    exposed: ['80/tcp', '90/udp'],
    publishAll: true,
  })
  const published = engine.networks.sandbox(free)?.ports ?? []
  assert.deepEqual(
    published.map(({ containerPort, protocol, hostIp }) => `${containerPort}/${protocol} ${hostIp}`),
    ['80/tcp 0.0.0.0', '80/tcp ::', '90/udp 0.0.0.0', '90/udp ::'],
  )
  assert.equal(published[0]?.hostPort, published[1]?.hostPort)
})

test('IPv6 networks give addresses, and their published ports are forwarded by the kernel', async () => {
  await using engine = await networksFixture()
  const port = await freePort()
  const prefix = `fd00:${engine.instance.slice(0, 4)}:${engine.instance.slice(4)}::`
  await engine.networks.create({ Name: 'six', EnableIPv6: true, IPAM: { Config: [{ Subnet: `${prefix}/64` }] } })
  const [one, two] = [
    await engine.join('one', ['six'], { bindings: { '80/tcp': [{ HostIp: '', HostPort: String(port) }] } }),
    await engine.join('two', ['six']),
  ]
  using _one = await serve(engine, one, { port: 80, text: 'one', family: 6 })
  assert.equal(engine.networks.sandbox(one)?.endpoints[0]?.ipv6, `${prefix.replace(/:0+(?=[0-9a-f])/g, ':')}2`)
  assert.match(await ask(engine, two, [`${prefix}2`, 80]), /^one /)
  assert.match(await ask(engine, two, [`${prefix}1`, port]), /^one /)
})

test('names are those of the networks that a container is in', async () => {
  await using engine = await networksFixture()
  await engine.networks.create({ Name: 'app' })
  await engine.networks.create({ Name: 'far' })
  const one = await engine.join('one', [['app', { aliases: ['pool'] }]])
  const two = await engine.join('two', [['app', { aliases: ['pool'], links: { db: 'one' } }]])
  const three = await engine.join('three', ['far'])
  const [address, second] = [one, two].map((id) => engine.networks.sandbox(id)?.endpoints[0]?.ipv4 ?? '')
  const look = async (id: string, name: string, type = ' -type=a'): Promise<string[]> => {
    const text = await engine.inside(id, `busybox nslookup${type} ${name} 127.0.0.11`)
    return text
      .split('\n')
      .slice(3)
      .filter((line) => /^Address|name =|NXDOMAIN|SERVFAIL/.test(line))
      .map((line) => line.replace(/^Address(?: \d+)?: /, ''))
  }
  assert.deepEqual(await look(two, 'one'), [address])
  assert.deepEqual(await look(two, 'ONE'), [address])
  assert.deepEqual(await look(two, 'one.app'), [address])
  assert.deepEqual(await look(two, one.slice(0, 12)), [address])
  assert.deepEqual(await look(two, 'db'), [address])
  assert.deepEqual(await look(one, 'db').then((lines) => lines.some((line) => line.includes('NXDOMAIN'))), true)
  assert.deepEqual(
    (await look(two, 'pool')).toSorted((a, b) => a.localeCompare(b)),
    [address ?? '', second ?? ''].toSorted((a, b) => a.localeCompare(b)),
  )
  assert.deepEqual(await look(two, 'one', ' -type=aaaa'), [])
  assert.match((await look(two, address ?? '', '')).join(), /name = one\.app/)
  assert.match((await look(three, 'one')).join(), /NXDOMAIN/)
  await engine.networks.rename(one, 'uno')
  assert.deepEqual(await look(two, 'uno'), [address])
  const overTcp = `import socket,struct
q=b"\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0\\3uno\\0\\0\\1\\0\\1"
s=socket.create_connection(("127.0.0.11",53)); s.sendall(struct.pack(">H",len(q))+q); r=s.recv(600); print(".".join(map(str,r[-4:])))`
  assert.equal((await engine.inside(two, `python3 -c '${overTcp}'`)).trim(), address)
})

test('a running container joins and leaves networks; the way out and its ports follow', async () => {
  await using engine = await networksFixture()
  await engine.networks.create({ Name: 'aaa' })
  const port = await freePort()
  const id = await engine.join('one', ['bridge'], {
    bindings: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: String(port) }] },
  })
  using _one = await serve(engine, id, { port: 80, text: 'one' })
  const aaa = engine.networks.find('aaa')
  const bridge = engine.networks.find('bridge')
  const wish = { aliases: [], links: {}, gatewayPriority: 0 }
  await engine.networks.connect(id, aaa, wish)
  assert.match(await engine.inside(id, 'ls /sys/class/net; ip route'), /default via \S+ dev eth1/)
  assert.match(await askTcp('127.0.0.1', port), /^one /)
  await assert.rejects(engine.networks.connect(id, aaa, wish), /endpoint with name one already exists in network aaa/)
  await engine.networks.disconnect(id, aaa)
  assert.match(await engine.inside(id, 'ip -o link; ip route'), /default via \S+ dev eth0/)
  assert.doesNotMatch(await engine.inside(id, 'ip -o link'), /eth1/)
  assert.match(await askTcp('127.0.0.1', port), /^one /)
  await assert.rejects(
    engine.networks.disconnect(id, aaa),
    new RegExp(`container ${id} is not connected to network aaa`),
  )
  await engine.networks.disconnect(id, bridge)
  assert.equal((await engine.inside(id, 'ip route')).trim(), '')
})

test('after a crash everything that was promised is there and nothing else', async () => {
  await using engine = await networksFixture()
  await engine.networks.create({ Name: 'app' })
  const port = await freePort()
  const [one, two] = [
    await engine.join('one', ['app'], { bindings: { '80/tcp': [{ HostIp: '', HostPort: String(port) }] } }),
    await engine.join('two', ['app']),
  ]
  using _one = await serve(engine, one, { port: 80, text: 'one' })
  const before = engine.networks.sandbox(one)
  const { kernel } = engine.world
  // Halves of what a crash interrupts: an interface without record, a pin without record, a rule without container.
  const stray = `ve${engine.instance}fffff`
  using host = kernel.namespaces.netlink()
  host.addLink({ kind: 'veth', name: stray, peerName: `vp${engine.instance}` })
  kernel.namespaces.createNetwork(`${engine.runDirectory}/netns/leaked`)
  kernel.packetFilter.apply(`add element inet gantry_${engine.instance} any4 { tcp . 9 : 10.0.0.1 . 9 }`)
  const networks = await engine.restart()
  assert.deepEqual(networks.sandbox(one), before)
  assert.equal(host.link(stray), undefined)
  assert.equal(await engine.world.files.exists(`${engine.runDirectory}/netns/leaked`), false)
  assert.doesNotMatch(
    JSON.stringify(kernel.packetFilter.list(`list map inet gantry_${engine.instance} any4`)),
    /"10\.0\.0\.1"/,
  )
  assert.match(await askTcp('127.0.0.1', port), /^one /)
  assert.match(await askTcp('::1', port), /^one /)
  assert.match(
    await engine.inside(two, 'busybox nslookup -type=a one 127.0.0.11'),
    new RegExp(`Address(?: 1)?: ${before?.endpoints[0]?.ipv4}`),
  )
  await assert.rejects(
    engine.join('three', ['app'], { bindings: { '80/tcp': [{ HostIp: '', HostPort: String(port) }] } }),
    /port is already allocated/,
  )
  await networks.releaseOthers(new Set([two]))
  assert.deepEqual(
    networks.sandboxes().map(({ name }) => name),
    ['two'],
  )
  assert.equal(await askTcp('127.0.0.1', port), 'ECONNREFUSED')
})

test('a container whose end nobody saw starts again with the same ports', async () => {
  await using engine = await networksFixture()
  const port = await freePort()
  const id = await engine.join('one', ['bridge'], { bindings: { '80/tcp': [{ HostIp: '', HostPort: String(port) }] } })
  const networks = await engine.restart()
  const again = await networks.join({
    containerId: id,
    name: 'one',
    hostname: 'one',
    dns: [],
    networks: [{ network: networks.find('bridge'), wish: { aliases: [], links: {}, gatewayPriority: 0 } }],
    ports: { bindings: { '80/tcp': [{ HostIp: '', HostPort: String(port) }] }, exposed: [], publishAll: false },
  })
  assert.match(again.endpoints[0]?.ipv4 ?? '', /\.2$/)
  assert.deepEqual(
    again.ports.map(({ hostPort }) => hostPort),
    [port, port],
  )
})

test('an address freed by one container serves the next at once', async () => {
  await using engine = await networksFixture()
  const client = await engine.join('client', ['bridge'])
  for (const name of ['first', 'second', 'third']) {
    const id = await engine.join(name, ['bridge'])
    using _server = await serve(engine, id, { port: 80, text: name })
    const address = engine.networks.sandbox(id)?.endpoints[0]?.ipv4 ?? ''
    assert.match(address, /\.3$/)
    assert.match(await ask(engine, client, [address, 80]), new RegExp(`^${name} `))
    await engine.networks.leave(id)
  }
})

test('macvlan networks put containers beside each other on a parent, or on nothing when internal', async () => {
  await using engine = await networksFixture()
  await engine.networks.create({
    Name: 'lan',
    Driver: 'macvlan',
    Internal: true,
    IPAM: { Config: [{ Subnet: '10.249.7.0/24' }] },
  })
  const [one, two] = [await engine.join('one', ['lan']), await engine.join('two', ['lan'])]
  using _one = await serve(engine, one, { port: 80, text: 'one' })
  assert.match(await ask(engine, two, [engine.networks.sandbox(one)?.endpoints[0]?.ipv4 ?? '', 80]), /^one /)
  await assert.rejects(
    engine.networks.create({ Name: 'bad', Driver: 'macvlan', Options: { parent: 'nosuch0' } }),
    /invalid subinterface vlan name nosuch0, example formatting is eth0\.10/,
  )
  await engine.networks.leave(one)
  await engine.networks.leave(two)
  await engine.networks.remove('lan')
  using host = engine.world.kernel.namespaces.netlink()
  assert.deepEqual(
    host.links().filter(({ name }) => /^d[mp]-/.test(name)),
    [],
  )
})

test('thirty containers join at once, and no program is started for it', async () => {
  await using engine = await networksFixture()
  await engine.networks.create({ Name: 'app' })
  await engine.join('warm', ['app'])
  const before = engine.programsStarted()
  const ids = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      engine.join(`c${index}`, ['app'], { bindings: { '80/tcp': [{ HostIp: '', HostPort: '' }] } }),
    ),
  )
  assert.equal(engine.programsStarted(), before)
  const addresses = new Set(ids.map((id) => engine.networks.sandbox(id)?.endpoints[0]?.ipv4))
  assert.equal(addresses.size, 30)
})
