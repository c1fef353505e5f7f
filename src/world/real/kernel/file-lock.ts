/** A lock that the kernel gives back when its holder dies, however it dies. */
import { closeSync, openSync } from 'node:fs'
import type { Libc } from './libc.ts'
import { systemError } from './system-error.ts'

/** Takes flock(2) exclusively on a file, made when missing; undefined when another open file holds it. */
export function lockFile(libc: Libc, path: string): Disposable | undefined {
  const exclusiveNow = 2 | 4
  const wouldBlock = 11
  const fd = openSync(path, 'a+', 0o600)
  if (libc.flock(fd, exclusiveNow) < 0) {
    const errno = libc.errno()
    closeSync(fd)
    if (errno === wouldBlock) return undefined
    throw systemError('flock', errno, path)
  }
  let held = true
  return {
    [Symbol.dispose]: () => {
      if (held) closeSync(fd)
      held = false
    },
  }
}
