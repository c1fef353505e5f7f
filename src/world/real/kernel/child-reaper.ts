/** Knows when children started through posix_spawn end: SIGCHLD says look, waitpid of each own pid tells. */
import { constants } from 'node:os'
import type { ExitStatus } from '#world/ports/processes.ts'
import type { Libc } from './libc.ts'

const withoutWaiting = 1
/** While a child runs the loop must stay alive, although signals alone do not hold it. */
const holdMs = 2 ** 30

const signalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name] as const)
    .toReversed(),
)

/** The words for a wait status as waitpid(2) packs it. */
export function readWaitStatus(status: number): ExitStatus {
  const signal = status & 0x7f
  if (signal === 0) return { exitCode: (status >> 8) & 0xff, signal: undefined }
  return { exitCode: undefined, signal: signalNames.get(signal) ?? `SIG${signal}` }
}

export interface ChildReaper {
  /**
   * Resolves once when the child of that pid has ended; it is reaped then and not before. With `keepsAlive` false the
   * wait does not keep this process running: the child is meant to outlive it.
   */
  watch(pid: number, keepsAlive?: boolean): Promise<ExitStatus>
  /** True until the child was reaped, so that its pid is certainly still its own. */
  has(pid: number): boolean
}

/** One reaper per process is enough, several do not disturb each other or Node's own children. */
export function createChildReaper(libc: Libc): ChildReaper {
  const children = new Map<number, (status: ExitStatus) => void>()
  const status = Buffer.alloc(4)
  let hold: NodeJS.Timeout | undefined
  const look = (): void => {
    for (const [pid, resolve] of children) {
      const found = libc.waitpid(pid, status, withoutWaiting)
      if (found === 0) continue
      children.delete(pid)
      // Somebody else waited for it: that it is gone is all that can be known.
      resolve(found === pid ? readWaitStatus(status.readInt32LE(0)) : { exitCode: undefined, signal: undefined })
    }
    if (children.size > 0) return
    clearInterval(hold)
    hold = undefined
    process.removeListener('SIGCHLD', look)
  }
  return {
    watch: (pid, keepsAlive = true) =>
      new Promise((resolve) => {
        if (hold === undefined) {
          hold = setInterval(look, holdMs)
          hold.unref()
          process.on('SIGCHLD', look)
        }
        if (keepsAlive) hold.ref()
        children.set(pid, resolve)
        // It may have ended before the signal was asked for.
        queueMicrotask(look)
      }),
    has: (pid) => children.has(pid),
  }
}
