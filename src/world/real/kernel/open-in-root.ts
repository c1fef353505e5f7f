/** Paths beneath a root that somebody else fills: found by the kernel, never by string work. */
import { closeSync, openSync, constants } from 'node:fs'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Kernel, RootedPath } from '#world/ports/kernel.ts'
import type { Libc } from './libc.ts'
import { systemError } from './system-error.ts'

const errnos = { EAGAIN: 11, ENOSYS: 38 } as const
const pathOnly = 0o10000000
const closeOnExec = 0o2000000
const resolveNoMagicLinks = 0x02n
const resolveInRoot = 0x10n
/** EAGAIN means that something below the root was renamed meanwhile; a hostile writer could do that for ever. */
const attemptsMax = 64

/** openat2(2) with RESOLVE_IN_ROOT. Without `write` or `create` the place is only held (O_PATH), devices and fifos are never opened. */
export function createOpenInRoot(libc: Libc): Kernel['openInRoot'] {
  return (root, path, options = {}) => {
    const rootFd = openSync(root, pathOnly | constants.O_DIRECTORY)
    try {
      return openBelow(libc, rootFd, { root, path, how: packHow(options) })
    } finally {
      closeSync(rootFd)
    }
  }
}

/** struct open_how: flags, mode, resolve as 64-bit words. */
function packHow({
  followLast = true,
  write,
  directory,
  create,
}: NonNullable<Parameters<Kernel['openInRoot']>[2]>): Buffer {
  const opens = write === true || create !== undefined
  let flags = opens ? constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY : pathOnly
  flags |= closeOnExec
  if (create !== undefined) flags |= constants.O_CREAT
  if (!followLast) flags |= constants.O_NOFOLLOW
  if (directory === true) flags |= constants.O_DIRECTORY
  const how = Buffer.alloc(24)
  how.writeBigUInt64LE(BigInt(flags), 0)
  how.writeBigUInt64LE(BigInt(create ?? 0), 8)
  how.writeBigUInt64LE(resolveInRoot | resolveNoMagicLinks, 16)
  return how
}

function openBelow(
  libc: Libc,
  rootFd: number,
  { root, path, how }: { root: string; path: string; how: Buffer },
): RootedPath {
  for (let attempt = 1; ; attempt += 1) {
    const fd = libc.openat2(rootFd, path === '' ? '.' : path, how, how.length)
    if (fd >= 0) return rootedPath(fd)
    const errno = libc.errno()
    if (errno === errnos.EAGAIN && attempt < attemptsMax) continue
    if (errno === errnos.ENOSYS) {
      throw new GantryError('KERNEL_OPENAT2_MISSING', 'not-implemented', 'this kernel has no openat2 system call', {
        remedy: 'Use Linux 5.6 or newer, or allow openat2 in the seccomp policy of the sandbox that this runs in.',
      })
    }
    throw systemError('openat2', errno, `${root}//${path}`)
  }
}

function rootedPath(fd: number): RootedPath {
  let open = true
  return {
    fd,
    path: `/proc/self/fd/${fd}`,
    [Symbol.dispose]: () => {
      if (open) closeSync(fd)
      open = false
    },
  }
}
