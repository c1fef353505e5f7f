/** Telling a filesystem that the things in a directory have nothing to do with each other. */
import { closeSync, constants, openSync } from 'node:fs'
import type { Libc } from './libc.ts'

/** `chattr +T` of ext2/3/4 (linux/fs.h: FS_TOPDIR_FL; the requests are those of 64-bit machines). */
const topDirectoryFlag = 0x0002_0000
const getFlags = 0x8008_6601
const setFlags = 0x4008_6602

/** Sets the mark where the filesystem knows it; true when it is set afterwards. */
export function scatterBelow(libc: Libc, directory: string): boolean {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    const flags = Buffer.alloc(8)
    if (libc.ioctl(fd, getFlags, flags) < 0) return false
    const before = flags.readUInt32LE(0)
    if ((before & topDirectoryFlag) !== 0) return true
    flags.writeUInt32LE((before | topDirectoryFlag) >>> 0, 0)
    return libc.ioctl(fd, setFlags, flags) >= 0
  } finally {
    closeSync(fd)
  }
}
