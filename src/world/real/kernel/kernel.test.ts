import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import test from 'node:test'
import { kernelContract } from '#world/ports/kernel.contract.ts'
import type { KernelPlace } from '#world/ports/kernel.contract.ts'
import { createProcesses } from '../processes.ts'
import { createKernel } from './kernel.ts'
import { parseCapabilities, parseLimit } from './limits.ts'
import { probeKernel } from './probe-kernel.ts'

const processes = createProcesses()
const kernel = createKernel({ processes })

async function place(): Promise<KernelPlace> {
  const path = mkdtempSync('/tmp/gantry-kernel-')
  return { kernel, path, [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }) }
}

const facilities = probeKernel()
const missing = Object.values(facilities).filter(({ reason }) => reason.includes('not permitted'))
if (missing.length > 0)
  test('the kernel port', { skip: missing.map(({ reason }) => reason).join('; ') }, () => undefined)
else kernelContract('this machine', place)

test('a probe names what is missing and nothing else', () => {
  for (const { available, reason } of Object.values(facilities)) assert.equal(available, reason === '')
})

test(
  'a mount namespace shows binds that the host does not have',
  { skip: missing.length > 0 ? 'needs root' : false },
  async () => {
    await using at = await place()
    const pin = `${at.path}/mounts`
    const { stdout: marker } = await processes.run('mktemp', ['-p', at.path])
    for (const round of [1, 2]) {
      await kernel.namespaces.createMount(pin, [{ source: marker.trim(), target: '/etc/hostname' }])
      const { stdout } = await processes.run('nsenter', [`--mount=${pin}`, 'wc', '-c', '/etc/hostname'])
      assert.equal(stdout, '0 /etc/hostname\n', `round ${round}`)
    }
    const { stdout } = await processes.run('wc', ['-c', '/etc/hostname'])
    assert.notEqual(stdout, '0 /etc/hostname\n')
    kernel.namespaces.deleteMount(pin)
    await assert.rejects(
      kernel.namespaces.createMount(pin, [{ source: '/nowhere', target: '/etc/hostname' }]),
      /cannot make a private mount namespace/,
    )
    assert.deepEqual(await kernel.mounts.listBelow(at.path), [])
  },
)

const packetServer = `
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.bind(sys.argv[1]); s.listen(0)
print('up', flush=True)
held = float(sys.argv[2]); time.sleep(held)
sizes = []
c, _ = s.accept()
for n in (1, 1000, 32768): c.send(b'x' * n)
while True:
    data = c.recv(1 << 20)
    if not data: break
    sizes.append(len(data))
c.send(repr(sizes).encode()); c.close()
`

test('packets keep their borders both ways, and the other half stays open', async () => {
  await using at = await place()
  const path = `${at.path}/socket`
  const server = processes.spawn('python3', ['-c', packetServer, path, '0'], {
    descriptors: ['null', 'pipe', 'null'],
    env: { PATH: process.env['PATH'] ?? '' },
  })
  await new Promise((resolve) => server.pipes.get(1)?.once('data', resolve))
  const stream = kernel.connectSeqpacket(path)
  stream.write(Buffer.alloc(10))
  stream.write(Buffer.alloc(100_000))
  stream.end()
  const packets: Buffer[] = []
  for await (const packet of stream) packets.push(packet as Buffer)
  assert.deepEqual(
    packets.slice(0, 3).map(({ length }) => length),
    [1, 1000, 32_768],
  )
  assert.equal(packets[3]?.toString(), '[10, 32768, 32768, 32768, 1696]')
  await server.exited
})

const rudeServer = `
import select, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.bind(sys.argv[1]); s.listen(0)
print('up', flush=True)
c, _ = s.accept()
select.select([c], [], [])
for n in (3, 4, 5): c.send(b'x' * n)
c.close()
`

test('what the other end said is read also when it closes with our input unread', async () => {
  for (let round = 0; round < 10; round += 1) {
    await using at = await place()
    const path = `${at.path}/socket`
    const server = processes.spawn('python3', ['-c', rudeServer, path], {
      descriptors: ['null', 'pipe', 'null'],
      env: { PATH: process.env['PATH'] ?? '' },
    })
    await new Promise((resolve) => server.pipes.get(1)?.once('data', resolve))
    const stream = kernel.connectSeqpacket(path)
    stream.write(Buffer.from('unread'))
    await server.exited
    stream.write(Buffer.from('too late'))
    const packets: Buffer[] = []
    for await (const packet of stream) packets.push(packet as Buffer)
    assert.deepEqual(
      packets.map(({ length }) => length),
      [3, 4, 5],
    )
  }
})

test('a full backlog is waited for, a missing socket is not', async () => {
  await using at = await place()
  const path = `${at.path}/socket`
  assert.throws(() => kernel.connectSeqpacket(path), /ENOENT/)
  const server = processes.spawn('python3', ['-c', packetServer, path, '0.3'], {
    descriptors: ['null', 'pipe', 'null'],
    env: { PATH: process.env['PATH'] ?? '' },
  })
  await new Promise((resolve) => server.pipes.get(1)?.once('data', resolve))
  const streams = Array.from({ length: 4 }, () => kernel.connectSeqpacket(path))
  const first = streams[0]
  for (const stream of streams) stream.on('error', () => undefined)
  first?.end(Buffer.from('hello'))
  const packets: Buffer[] = []
  for await (const packet of first ?? []) packets.push(packet as Buffer)
  assert.equal(packets.at(-1)?.toString(), '[5]')
  for (const stream of streams) stream.destroy()
  await server.exited
})

test('limits are read as the kernel prints them', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 unlimited            files     \n'
  assert.deepEqual(parseLimit(text, 'RLIMIT_NOFILE'), { soft: 1024n, hard: 18_446_744_073_709_551_615n })
  assert.equal(parseLimit(text, 'cpu'), undefined)
  assert.equal(parseCapabilities('CapPrm:\t00000000000000ff\nCapBnd:\t000000000000000f\n'), 15n)
})

test(
  'a copy that follows can be taken away without what is mounted below its original',
  { skip: missing.length > 0 ? 'needs root' : false },
  async () => {
    await using at = await place()
    const { mounts } = kernel
    for (const name of ['source/below', 'copy']) mkdirSync(`${at.path}/${name}`, { recursive: true })
    const listed = async (path: string): Promise<string[]> =>
      (await mounts.listBelow(`${at.path}/${path}`)).map((mounted) => mounted.slice(at.path.length + 1))
    try {
      mounts.bind({ source: `${at.path}/source`, target: `${at.path}/source`, propagation: 'shared' })
      mounts.tmpfs(`${at.path}/source/below`, {})
      using target = kernel.openInRoot(at.path, 'copy')
      mounts.bind({ source: `${at.path}/source`, target: target.path, recursive: true, follows: true })
      assert.deepEqual(await listed('copy'), ['copy/below', 'copy'])
      for (const path of await mounts.listBelow(`${at.path}/copy`)) mounts.unmount(path, { detach: true })
      assert.deepEqual(await listed('copy'), [])
      assert.deepEqual(await listed('source'), ['source/below', 'source'])
    } finally {
      for (const path of await mounts.listBelow(at.path)) mounts.unmount(path, { detach: true })
    }
  },
)
