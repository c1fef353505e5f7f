/** Namespaces pinned at files, and what is done inside them. */
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Mounts, Namespaces } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Libc } from './libc.ts'
import { createMountPinner, unpinMount } from './mount-namespace.ts'
import { createBindSocket } from './namespace-sockets.ts'
import { openNetlink } from './netlink-session.ts'
import { checkCall } from './system-error.ts'
import { inNetworkNamespace, inNewNetworkNamespace } from './thread-namespace.ts'

const bindFlag = 4096

export interface NamespaceDeps {
  readonly libc: Libc
  readonly mounts: Mounts
  readonly run: Processes['run']
}

/** The Namespaces of the running kernel. */
export function createNamespaces({ libc, mounts, run }: NamespaceDeps): Namespaces {
  return {
    createNetwork: (path) => createNetwork(libc, path),
    deleteNetwork: (path) => {
      unpinMount(mounts, path)
      removeFile(path)
    },
    netlink: (path) =>
      path === undefined ? openNetlink(libc) : inNetworkNamespace(libc, path, () => openNetlink(libc)),
    inNetwork: (path, work) => inNetworkNamespace(libc, path, work),
    setSysctl: (path, key, value) => {
      const write = (): void => writeFileSync(`/proc/sys/${key}`, value)
      if (path === undefined) write()
      else inNetworkNamespace(libc, path, write)
    },
    bindSocket: createBindSocket(libc),
    createMount: createMountPinner({ mounts, run }),
    deleteMount: (path) => {
      unpinMount(mounts, path)
      removeFile(path)
    },
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

function createNetwork(libc: Libc, path: string): void {
  closeSync(openSync(path, 'wx', 0o444))
  try {
    inNewNetworkNamespace(libc, () => {
      checkCall(libc, libc.mount('/proc/thread-self/ns/net', path, null, bindFlag, null), ['mount', path])
      using netlink = openNetlink(libc)
      netlink.setLink('lo', { up: true })
    })
  } catch (error) {
    libc.umount2(path, 2)
    unlinkSync(path)
    if (errnoOf(error) !== 'EPERM') throw error
    throw new GantryError('KERNEL_NETWORK_NAMESPACE', 'forbidden', 'making a network namespace was refused', {
      cause: error,
      remedy: 'Run as root with CAP_SYS_ADMIN.',
    })
  }
}
