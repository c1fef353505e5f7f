/** What every Kernel must do for an engine that may do everything; `make` gives a fresh one and an empty folder of its own. */
import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Kernel } from './kernel.ts'

export interface KernelPlace extends AsyncDisposable {
  readonly kernel: Kernel
  readonly path: string
}

const refusedWith =
  (errno: string) =>
  (error: unknown): boolean =>
    errnoOf(error) === errno

/** Registers the suite under a name. */
export function kernelContract(name: string, make: () => Promise<KernelPlace>): void {
  const check = (
    behaviour: string,
    work: (place: KernelPlace & { make(name: string): string }) => Promise<void> | void,
  ): void => {
    test(`${name}: ${behaviour}`, async () => {
      const descriptors = readdirSync('/proc/self/fd').length
      {
        await using place = await make()
        const folder = (child: string): string => {
          mkdirSync(join(place.path, child), { recursive: true })
          return join(place.path, child)
        }
        await work({
          kernel: place.kernel,
          path: place.path,
          [Symbol.asyncDispose]: async () => undefined,
          make: folder,
        })
        assert.deepEqual(await place.kernel.mounts.listBelow(place.path), [], 'no mount stays')
      }
      assert.ok(readdirSync('/proc/self/fd').length <= descriptors + 1, 'no descriptor stays')
    })
  }
  mountContract(check)
  fileContract(check)
  namespaceContract(check)
}

type Check = (
  behaviour: string,
  work: (place: KernelPlace & { make(name: string): string }) => Promise<void> | void,
) => void

function mountContract(check: Check): void {
  check('an overlay shows all its layers, however long their names are together', async ({ kernel, make }) => {
    const lower = Array.from({ length: 120 }, (_, index) =>
      make(`layers/${String(index).padStart(3, '0')}-${'x'.repeat(50)}`),
    )
    for (const [index, path] of lower.entries()) writeFileSync(join(path, `file${index}`), '')
    const target = make('target')
    kernel.mounts.overlay({ lower, upper: make('upper'), work: make('work'), target })
    assert.equal(readdirSync(target).length, 120)
    writeFileSync(join(target, 'new'), '')
    assert.deepEqual(await kernel.mounts.listBelow(target), [target])
    assert.equal(kernel.mounts.unmount(target), true)
    assert.equal(kernel.mounts.unmount(target), false)
    assert.deepEqual(readdirSync(join(target, '..', 'upper')), ['new'])
  })

  check('an overlay takes layers whose names hold its own separators or are very long', ({ kernel, make }) => {
    const long = `deep/${'y'.repeat(200)}/${'z'.repeat(200)}`
    const lower = [make('a:b'), make('c,d'), make(long)]
    for (const [index, path] of lower.entries()) writeFileSync(join(path, `file${index}`), '')
    const target = make('target')
    kernel.mounts.overlay({ lower, upper: make('up,per'), work: make('wo:rk'), target })
    assert.deepEqual(readdirSync(target), ['file0', 'file1', 'file2'])
    kernel.mounts.unmount(target)
    assert.throws(() => kernel.mounts.overlay({ lower: [join(target, 'nowhere')], target }), refusedWith('ENOENT'))
  })

  check('a read-only bind is read-only below as well, and only when asked to', ({ kernel, make }) => {
    const source = make('source')
    kernel.mounts.tmpfs(make('source/inner'), { sizeBytes: 1 << 20, mode: 0o750 })
    assert.equal(lstatSync(join(source, 'inner')).mode & 0o7777, 0o750)
    const target = make('target')
    kernel.mounts.bind({ source, target, recursive: true, readOnly: true, propagation: 'rprivate' })
    assert.throws(() => writeFileSync(join(target, 'x'), ''), refusedWith('EROFS'))
    assert.throws(() => writeFileSync(join(target, 'inner', 'x'), ''), refusedWith('EROFS'))
    writeFileSync(join(source, 'inner', 'x'), '')
    kernel.mounts.unmount(target, { detach: true })
    kernel.mounts.unmount(join(source, 'inner'))
    assert.throws(
      () => kernel.mounts.mount({ type: 'tmpfs', source: 'x', target, flags: ['nonsense'] }),
      refusedWith('EINVAL'),
    )
  })
}

function fileContract(check: Check): void {
  check('extended attributes of any size are set, read, listed and removed on the path itself', ({ kernel, make }) => {
    const path = make('file')
    const large = Buffer.alloc(2000, 7)
    kernel.attributes.set(path, 'user.large', large)
    kernel.attributes.set(path, 'trusted.overlay.opaque', Buffer.from('y'))
    assert.deepEqual(Buffer.from(kernel.attributes.get(path, 'user.large') ?? []), large)
    assert.deepEqual(
      kernel.attributes
        .list(path)
        .filter((key) => key !== 'security.selinux')
        .toSorted((a, b) => a.localeCompare(b)),
      ['trusted.overlay.opaque', 'user.large'],
    )
    kernel.attributes.remove(path, 'user.large')
    assert.equal(kernel.attributes.get(path, 'user.large'), undefined)
    symlinkSync('/nowhere', join(path, 'link'))
    assert.equal(kernel.attributes.get(join(path, 'link'), 'trusted.x'), undefined)
  })

  check('a directory whose things are placed apart stays a directory as others', ({ kernel, make }) => {
    const path = make('apart')
    const first = kernel.scatterBelow(path)
    assert.equal(kernel.scatterBelow(path), first)
    mkdirSync(join(path, 'one'))
    assert.equal(lstatSync(join(path, 'one')).isDirectory(), true)
    assert.throws(() => kernel.scatterBelow(join(path, 'missing')), refusedWith('ENOENT'))
  })

  check('nodes have exactly the mode and number asked for', ({ kernel, path }) => {
    kernel.makeNode(join(path, 'whiteout'), 0o020000, { major: 0, minor: 0 })
    kernel.makeNode(join(path, 'device'), 0o060666, { major: 259, minor: 70_000 })
    kernel.makeNode(join(path, 'fifo'), 0o010622)
    const [whiteout, device, fifo] = ['whiteout', 'device', 'fifo'].map((child) => lstatSync(join(path, child)))
    assert.equal(whiteout?.isCharacterDevice() === true && whiteout.rdev === 0, true)
    assert.equal(device?.isBlockDevice(), true)
    assert.equal((device?.mode ?? 0) & 0o7777, 0o666)
    assert.equal(device?.rdev, (259 << 8) | (70_000 & 0xff) | ((70_000 & ~0xff) << 12))
    assert.equal((fifo?.mode ?? 0) & 0o7777, 0o622)
  })

  check('no path leads out of a root', ({ kernel, path, make }) => {
    const root = make('root')
    writeFileSync(join(path, 'secret'), 'outside')
    mkdirSync(join(root, 'etc'))
    writeFileSync(join(root, 'etc', 'passwd'), 'inside')
    for (const [link, target] of [
      ['absolute', '/etc/passwd'],
      ['dots', '../../../../etc/passwd'],
      ['out', `${path}/secret`],
    ] as const)
      symlinkSync(target, join(root, link))
    for (const wanted of ['absolute', 'dots', '/../../etc/passwd', 'etc/../etc/passwd']) {
      using found = kernel.openInRoot(root, wanted)
      assert.equal(readFileSync(found.path, 'utf8'), 'inside')
    }
    assert.throws(() => kernel.openInRoot(root, 'out'), refusedWith('ENOENT'))
    assert.throws(() => kernel.openInRoot(root, 'etc/passwd', { directory: true }), refusedWith('ENOTDIR'))
    {
      using link = kernel.openInRoot(root, 'out', { followLast: false })
      assert.equal(lstatSync(`/proc/self/fd/${link.fd}`).isSymbolicLink(), true)
      using made = kernel.openInRoot(root, 'etc/new', { create: 0o600, write: true })
      assert.equal(readlinkSync(made.path), join(root, 'etc', 'new'))
    }
    assert.equal(readFileSync(join(path, 'secret'), 'utf8'), 'outside')
  })

  check('a lock has one holder at a time', ({ kernel, path }) => {
    const file = join(path, 'lock')
    {
      using held = kernel.lockFile(file)
      assert.notEqual(held, undefined)
      assert.equal(kernel.lockFile(file), undefined)
    }
    using again = kernel.lockFile(file)
    assert.notEqual(again, undefined)
  })

  check('limits are those of the process', ({ kernel }) => {
    assert.ok(kernel.limits.capabilities > 0n)
    assert.ok((kernel.limits.rlimit('RLIMIT_NOFILE')?.soft ?? 0n) > 0n)
    assert.deepEqual(kernel.limits.rlimit('nofile'), kernel.limits.rlimit('RLIMIT_NOFILE'))
    assert.equal(kernel.limits.rlimit('nonsense'), undefined)
    assert.ok(kernel.limits.oomScoreAdj >= -1000)
  })
}

function namespaceContract(check: Check): void {
  const second = { kind: 'veth', name: 'left', peerName: 'right' } as const

  check('two namespaces are joined by a pair of links with addresses, routes and neighbours', ({ kernel, path }) => {
    const [one, two] = [join(path, 'one'), join(path, 'two')]
    const home = readlinkSync('/proc/thread-self/ns/net')
    kernel.namespaces.createNetwork(one)
    kernel.namespaces.createNetwork(two)
    try {
      using inside = kernel.namespaces.netlink(one)
      inside.addLink({ ...second, peerNetns: two, peerMac: '02:42:0a:00:00:02', mtu: 1400 })
      inside.addLink({ kind: 'bridge', name: 'hub', mac: '02:42:00:00:00:01' })
      inside.setLink('left', { master: 'hub', up: true, hairpin: true, isolated: true })
      inside.addNeighbor({ link: 'left', mac: '02:42:0a:00:00:02', bridge: true, atPort: true })
      inside.addAddress('hub', { address: '10.0.0.1', prefixLength: 24 })
      inside.addAddress('hub', { address: 'fd00::1', prefixLength: 64 })
      inside.setLink('hub', { up: true })
      inside.addRoute({ destination: '10.9.0.0/16', gateway: '10.0.0.2', link: 'hub', metric: 7 })
      assert.deepEqual(
        inside.routes().find(({ destination }) => destination === '10.9.0.0/16'),
        { destination: '10.9.0.0/16', gateway: '10.0.0.2', link: 'hub', metric: 7, scope: 'universe' },
      )
      assert.equal(inside.link('left')?.master, inside.link('hub')?.index)
      assert.throws(() => inside.addAddress('hub', { address: '10.0.0.1', prefixLength: 24 }), refusedWith('EEXIST'))
      assert.throws(() => inside.setLink('nosuch', { up: true }), refusedWith('ENODEV'))
      inside.addNeighbor({ link: 'hub', address: '10.0.0.9', mac: '02:00:00:00:00:09' })
      assert.ok(inside.neighbors().some(({ address, mac }) => address === '10.0.0.9' && mac === '02:00:00:00:00:09'))
      inside.deleteNeighbor({ link: 'hub', address: '10.0.0.9', mac: '02:00:00:00:00:09' })
      using other = kernel.namespaces.netlink(two)
      assert.deepEqual(
        { mac: other.link('right')?.mac, mtu: other.link('right')?.mtu, up: other.link('lo')?.up },
        { mac: '02:42:0a:00:00:02', mtu: 1400, up: true },
      )
      inside.deleteAddress('hub', { address: '10.0.0.1', prefixLength: 24 })
      assert.deepEqual(
        inside.addresses('hub').filter(({ address }) => !address.startsWith('fe80')),
        [{ link: 'hub', address: 'fd00::1', prefixLength: 64 }],
      )
      assert.equal(kernel.namespaces.inNetwork(two, () => readlinkSync('/proc/thread-self/ns/net')) === home, false)
    } finally {
      kernel.namespaces.deleteNetwork(one)
      kernel.namespaces.deleteNetwork(two)
    }
    assert.equal(readlinkSync('/proc/thread-self/ns/net'), home)
    assert.throws(() => kernel.namespaces.netlink(one), refusedWith('ENOENT'))
  })

  check('work inside a namespace that fails still comes back', ({ kernel, path }) => {
    const home = readlinkSync('/proc/thread-self/ns/net')
    const pin = join(path, 'one')
    kernel.namespaces.createNetwork(pin)
    assert.throws(() => kernel.namespaces.inNetwork(pin, () => assert.fail('on purpose')), /on purpose/)
    assert.throws(() => kernel.namespaces.createNetwork(pin), refusedWith('EEXIST'))
    kernel.namespaces.deleteNetwork(pin)
    kernel.namespaces.deleteNetwork(pin)
    assert.equal(readlinkSync('/proc/thread-self/ns/net'), home)
  })

  check('forwarding entries of a VXLAN lead to several places', ({ kernel, path }) => {
    const pin = join(path, 'one')
    kernel.namespaces.createNetwork(pin)
    try {
      using inside = kernel.namespaces.netlink(pin)
      inside.addLink({ kind: 'vxlan', name: 'wide', vni: 42, port: 8472, local: '10.0.0.1' })
      for (const remote of ['10.0.0.2', '10.0.0.3'])
        inside.addNeighbor({ link: 'wide', mac: '00:00:00:00:00:00', bridge: true, remote })
      inside.addNeighbor({ link: 'wide', mac: '02:00:00:00:00:07', bridge: true, remote: '10.0.0.2' })
      const entries = inside.neighbors({ bridge: true }).filter(({ link }) => link === 'wide')
      assert.deepEqual(
        entries.map(({ mac, remote }) => `${mac} ${remote}`).toSorted((a, b) => a.localeCompare(b)),
        ['00:00:00:00:00:00 10.0.0.2', '00:00:00:00:00:00 10.0.0.3', '02:00:00:00:00:07 10.0.0.2'],
      )
    } finally {
      kernel.namespaces.deleteNetwork(pin)
    }
  })

  check('rules, sysctls and sockets belong to the namespace they are made in', ({ kernel, path }) => {
    const pin = join(path, 'one')
    kernel.namespaces.createNetwork(pin)
    try {
      kernel.packetFilter.apply(
        'add table inet mine; add set inet mine s { type ipv4_addr; }; add element inet mine s { 10.0.0.1 }',
        pin,
      )
      assert.match(JSON.stringify(kernel.packetFilter.list('list set inet mine s', pin)), /10\.0\.0\.1/)
      assert.throws(() => kernel.packetFilter.list('list table inet mine'), /No such file or directory/)
      assert.throws(() => kernel.packetFilter.apply('add rule inet mine nosuch accept', pin), refusedWith('ENOENT'))
      assert.throws(() => kernel.packetFilter.apply('this is no command', pin), /Error/)
      kernel.namespaces.setSysctl(pin, 'net/ipv4/ip_default_ttl', '33')
      assert.equal(
        kernel.namespaces.inNetwork(pin, () => readFileSync('/proc/sys/net/ipv4/ip_default_ttl', 'utf8')).trim(),
        '33',
      )
      assert.notEqual(readFileSync('/proc/sys/net/ipv4/ip_default_ttl', 'utf8').trim(), '33')
      using first = kernel.namespaces.bindSocket(pin, { kind: 'tcp', address: '127.0.0.11', port: 0, listen: true })
      assert.throws(
        () => kernel.namespaces.bindSocket(pin, { kind: 'tcp', address: '127.0.0.11', port: first.port, listen: true }),
        refusedWith('EADDRINUSE'),
      )
      using six = kernel.namespaces.bindSocket(pin, { kind: 'udp', address: '::1', port: 0 })
      assert.ok(first.port > 0 && six.port > 0)
    } finally {
      kernel.namespaces.deleteNetwork(pin)
    }
  })
}
