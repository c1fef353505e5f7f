/** Device nodes, fifos and whiteouts. */
import { chmodSync } from 'node:fs'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Libc } from './libc.ts'
import { checkCall } from './system-error.ts'

const currentDirectory = -100

/** Packs a device number as the C library's makedev does. */
export function packDevice(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)]
  return ((high & 0xfffn) << 8n) | (low & 0xffn) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n)
}

/** mknod(2) that gives exactly the permission asked for, whatever the umask is. */
export function createMakeNode(libc: Libc): Kernel['makeNode'] {
  return (path, mode, device = { major: 0, minor: 0 }) => {
    checkCall(libc, libc.mknodat(currentDirectory, path, mode, packDevice(device.major, device.minor)), ['mknod', path])
    if ((mode & 0o7777) !== 0) chmodSync(path, mode & 0o7777)
  }
}
