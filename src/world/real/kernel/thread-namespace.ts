/**
 * Moving this thread into another network namespace and back. Namespaces belong to threads, so everything between is
 * synchronous; a thread that cannot come back would do all later work in the wrong network, hence the abort.
 */
import { closeSync, constants, openSync } from 'node:fs'
import type { Libc } from './libc.ts'
import { systemError } from './system-error.ts'

const newNetwork = 0x40000000
const ownNamespace = '/proc/thread-self/ns/net'

function aside<T>(libc: Libc, enter: () => void, work: () => T): T {
  const home = openSync(ownNamespace, constants.O_RDONLY)
  try {
    enter()
    try {
      return work()
    } finally {
      if (libc.setns(home, newNetwork) !== 0) process.abort()
    }
  } finally {
    closeSync(home)
  }
}

/** Runs `work` inside the namespace pinned at a path. `work` must not wait. */
export function inNetworkNamespace<T>(libc: Libc, path: string, work: () => T): T {
  const target = openSync(path, constants.O_RDONLY)
  const enter = (): void => {
    if (libc.setns(target, newNetwork) !== 0) throw systemError('setns', libc.errno(), path)
  }
  try {
    return aside(libc, enter, work)
  } finally {
    closeSync(target)
  }
}

/** Runs `work` inside a namespace made for it. `work` must not wait. */
export function inNewNetworkNamespace<T>(libc: Libc, work: () => T): T {
  const enter = (): void => {
    if (libc.unshare(newNetwork) !== 0) throw systemError('unshare', libc.errno())
  }
  return aside(libc, enter, work)
}
