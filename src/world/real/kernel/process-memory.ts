/** Giving memory back that this process took and does not need now. */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ProcessMemory } from '#world/ports/kernel.ts'
import type { Libc } from './libc.ts'

/** MADV_DONTNEED: the pages leave this process; those of a file are read from it again when they are touched. */
const dontNeed = 4

/** A stretch of addresses, its end not included. */
export interface MemoryRange {
  readonly start: number
  readonly end: number
  /** How much of it is in memory. */
  readonly residentBytes: number
}

/**
 * The mapped pieces of programs and libraries that hold nothing but what their file holds: never writable, and never
 * written to while they were (which /proc/PID/smaps calls anonymous). Only those that stay mapped as long as the process.
 */
export function programRanges(smaps: string): MemoryRange[] {
  return smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/).flatMap((block) => {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p [0-9a-f]+ [0-9a-f:]+ [1-9]\d* +(\/.*)$/m.exec(block)
    const isProgram = head !== null && /(\/node|\.node|\.so(\.[0-9.]+)?)$/.test(head[3] ?? '')
    if (!isProgram || !/^Anonymous: +0 kB$/m.test(block)) return []
    const residentBytes = Number(/^Rss: +(\d+) kB$/m.exec(block)?.[1] ?? 0) * 1024
    return [{ start: Number.parseInt(head[1] ?? '', 16), end: Number.parseInt(head[2] ?? '', 16), residentBytes }]
  })
}

/** Empty where the kernel does not tell. */
function readMappings(): string {
  try {
    return readFileSync('/proc/self/smaps', 'latin1')
  } catch {
    return ''
  }
}

/** What `node --expose-gc` offers, without having been started so. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  try {
    const collect: unknown = runInNewContext('globalThis.gc')
    if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}

/** The memory of this process. */
export function createProcessMemory(libc: Libc): ProcessMemory {
  return {
    dropProgramPages: ({ aboveBytes = 0 } = {}) => {
      const ranges = programRanges(readMappings())
      if (ranges.reduce((sum, { residentBytes }) => sum + residentBytes, 0) <= aboveBytes) return
      for (const { start, end } of ranges) libc.madvise(start, end - start, dontNeed)
    },
    release: () => {
      collectGarbage()
      libc.mallocTrim?.(0)
    },
    residentBytes: () => process.memoryUsage.rss(),
    heapBytes: () => process.memoryUsage().heapUsed,
  }
}
