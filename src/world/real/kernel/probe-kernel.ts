/** What this machine lets us do, tried out and not guessed: for `gantry doctor` and `docker info`. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import type { KernelFacility, KernelProbe, LinkOptions } from '#world/ports/kernel.ts'
import { loadLibc } from './libc.ts'
import type { Libc } from './libc.ts'
import { createMounts } from './mounts.ts'
import { openNetlink } from './netlink-session.ts'
import { createOpenInRoot } from './open-in-root.ts'
import { tryNftables } from './packet-filter.ts'
import { inNewNetworkNamespace } from './thread-namespace.ts'

/** Tries every facility in places of its own; nothing is left behind. Takes some tens of milliseconds. */
export function probeKernel(): KernelProbe {
  const libc = loadLibc()
  return {
    overlay: probe('overlay', () => tryOverlay(libc)),
    openInRoot: probe('openat2', () => tryOpenInRoot(libc)),
    networkNamespaces: probe('network namespaces', () => inNewNetworkNamespace(libc, () => undefined)),
    bridge: probeLink(libc, { kind: 'bridge', name: 'probe0' }),
    veth: probeLink(libc, { kind: 'veth', name: 'probe0', peerName: 'probe1' }),
    macvlan: probeLink(libc, { kind: 'macvlan', name: 'probe0', parent: 'parent0', mode: 'bridge' }),
    ipvlan: probeLink(libc, { kind: 'ipvlan', name: 'probe0', parent: 'parent0', mode: 'l2' }),
    vlan: probeLink(libc, { kind: 'vlan', name: 'probe0', parent: 'parent0', id: 7 }),
    vxlan: probeLink(libc, { kind: 'vxlan', name: 'probe0', vni: 7, port: 4789 }),
    dummy: probeLink(libc, { kind: 'dummy', name: 'probe0' }),
    nft: probe('nftables', () => tryNft(libc)),
    userNamespaces: probe('user namespaces', tryUserNamespaces),
  }
}

function probe(name: string, attempt: () => void): KernelFacility {
  try {
    attempt()
    return { available: true, reason: '' }
  } catch (error) {
    return { available: false, reason: reasonOf(name, error) }
  }
}

function reasonOf(name: string, error: unknown): string {
  const errno = errnoOf(error)
  if (errno === 'EPERM' || errno === 'EACCES')
    return `${name}: not permitted (needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN)`
  if (errno === 'ENODEV' || errno === 'ENOTSUP' || errno === 'EOPNOTSUPP')
    return `${name}: this kernel has no such support`
  return `${name}: ${messageOf(error)}`
}

/** A link of that kind, on a parent where it needs one, in a namespace that goes with it. */
function probeLink(libc: Libc, options: LinkOptions): KernelFacility {
  return probe(options.kind, () =>
    inNewNetworkNamespace(libc, () => {
      using netlink = openNetlink(libc)
      if ('parent' in options) {
        netlink.addLink({ kind: 'veth', name: options.parent, peerName: 'peer0' })
        netlink.setLink(options.parent, { up: true })
      }
      netlink.addLink(options)
    }),
  )
}

function inTemporaryDirectory(work: (path: string) => void): void {
  const path = mkdtempSync(join(tmpdir(), 'gantry-probe-'))
  try {
    work(path)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

function tryOverlay(libc: Libc): void {
  const mounts = createMounts(libc)
  inTemporaryDirectory((path) => {
    // An overlay cannot lie on an overlay, so the try has a filesystem of its own.
    mounts.tmpfs(path, { sizeBytes: 1 << 20 })
    try {
      const [lower, upper, work, target] = ['lower', 'upper', 'work', 'target'].map((name) => join(path, name)) as [
        string,
        string,
        string,
        string,
      ]
      for (const directory of [lower, upper, work, target]) mkdirSync(directory)
      mounts.overlay({ lower: [lower], upper, work, target })
      mounts.unmount(target, { detach: true })
    } finally {
      mounts.unmount(path, { detach: true })
    }
  })
}

function tryOpenInRoot(libc: Libc): void {
  inTemporaryDirectory((path) => createOpenInRoot(libc)(path, '/')[Symbol.dispose]())
}

function tryNft(libc: Libc): void {
  inNewNetworkNamespace(libc, () =>
    tryNftables('table inet probe {\nchain c {\ntype nat hook output priority 0;\n}\n}'),
  )
}

function tryUserNamespaces(): void {
  const most = Number(readFileSync('/proc/sys/user/max_user_namespaces', 'utf8'))
  if (!(most > 0)) throw new Error('user.max_user_namespaces is 0')
}
