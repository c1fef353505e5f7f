/** What this process may do and hand on. */
import { readFileSync } from 'node:fs'
import type { Kernel } from '#world/ports/kernel.ts'

const unlimited = 2n ** 64n - 1n
/** Row titles of `/proc/PID/limits` by resource name. */
const titles: Readonly<Record<string, string>> = {
  CPU: 'Max cpu time',
  FSIZE: 'Max file size',
  DATA: 'Max data size',
  STACK: 'Max stack size',
  CORE: 'Max core file size',
  RSS: 'Max resident set',
  NPROC: 'Max processes',
  NOFILE: 'Max open files',
  MEMLOCK: 'Max locked memory',
  AS: 'Max address space',
  LOCKS: 'Max file locks',
  SIGPENDING: 'Max pending signals',
  MSGQUEUE: 'Max msgqueue size',
  NICE: 'Max nice priority',
  RTPRIO: 'Max realtime priority',
  RTTIME: 'Max realtime timeout',
}

/** Capabilities that a child can have: permitted and in the bounding set, from a `/proc/PID/status` text. */
export function parseCapabilities(status: string): bigint {
  const mask = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`)
  return mask('CapBnd') & mask('CapPrm')
}

/** One row of a `/proc/PID/limits` text by name (`nofile`, `RLIMIT_NOFILE`); 2^64-1 stands for unlimited. */
export function parseLimit(text: string, name: string): { soft: bigint; hard: bigint } | undefined {
  const title = titles[name.toUpperCase().replace(/^RLIMIT_/, '')]
  const row = title === undefined ? undefined : text.split('\n').find((line) => line.startsWith(title))
  if (title === undefined || row === undefined) return undefined
  const [soft, hard] = row.slice(title.length).trim().split(/\s+/)
  const number = (word: string | undefined): bigint =>
    word === undefined || word === 'unlimited' ? unlimited : BigInt(word)
  return { soft: number(soft), hard: number(hard) }
}

/** Reads them as they are now. */
export function readLimits(): Kernel['limits'] {
  return {
    get capabilities() {
      return parseCapabilities(readFileSync('/proc/self/status', 'utf8'))
    },
    get oomScoreAdj() {
      return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
    },
    rlimit: (name) => parseLimit(readFileSync('/proc/self/limits', 'utf8'), name),
  }
}
