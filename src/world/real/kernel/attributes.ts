/** Extended attributes of paths themselves, never of what a symlink points to. */
import type { ExtendedAttributes } from '#world/ports/kernel.ts'
import type { Libc } from './libc.ts'
import { checkCall, systemError } from './system-error.ts'

const errnos = { ERANGE: 34, ENODATA: 61, EOPNOTSUPP: 95 } as const

/** The ExtendedAttributes of the running kernel; failures are system errors. */
export function createAttributes(libc: Libc): ExtendedAttributes {
  return {
    get: (path, name) => {
      const value = readGrowing((buffer) => libc.lgetxattr(path, name, buffer, buffer.length), libc)
      if (typeof value !== 'number') return value
      if (value === errnos.ENODATA || value === errnos.EOPNOTSUPP) return undefined
      throw systemError('lgetxattr', value, path)
    },
    set: (path, name, value) => {
      checkCall(libc, libc.lsetxattr(path, name, value, value.length, 0), ['lsetxattr', path])
    },
    remove: (path, name) => {
      checkCall(libc, libc.lremovexattr(path, name), ['lremovexattr', path])
    },
    list: (path) => {
      const names = readGrowing((buffer) => libc.llistxattr(path, buffer, buffer.length), libc)
      if (typeof names !== 'number')
        return Buffer.from(names)
          .toString('utf8')
          .split('\0')
          .filter((name) => name !== '')
      if (names === errnos.EOPNOTSUPP) return []
      throw systemError('llistxattr', names, path)
    },
  }
}

/** Calls with a larger buffer until the value fits (the kernel's limit is 64 KiB); an errno when it fails. */
function readGrowing(call: (buffer: Uint8Array) => number, libc: Libc): Uint8Array | number {
  for (let size = 256; ; size *= 16) {
    const buffer = new Uint8Array(Math.min(size, 65_536))
    const length = call(buffer)
    if (length >= 0) return buffer.slice(0, length)
    const errno = libc.errno()
    if (errno !== errnos.ERANGE || size >= 65_536) return errno
  }
}
