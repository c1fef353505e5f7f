/** Progress of transfers in the words that clients of Docker wait for, sent neither too often nor twice. */
import type { Clock } from '#world/ports/clock.ts'

export type Emit = (message: object) => void | Promise<void>

/** Progress of one layer: at most ten messages a second. */
const intervalMs = 100

export interface LayerProgress {
  say(status: string): void
  /** Bytes so far of a total. */
  count(status: string, currentBytes: number, totalBytes: number): void
}

/** A bar as old clients print it; new ones draw their own from `progressDetail`. */
function bar(currentBytes: number, totalBytes: number): string {
  const cells = 50
  const share = totalBytes > 0 ? Math.min(1, currentBytes / totalBytes) : 0
  const full = Math.floor(share * cells)
  return `[${'='.repeat(full)}>${' '.repeat(Math.max(0, cells - full - 1))}]  ${humanSize(currentBytes)}/${humanSize(totalBytes)}`
}

function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000
  return `${Number(value.toPrecision(4))}${units[unit] ?? ''}`
}

/** Messages about one layer, by its short id. */
export function layerProgress(clock: Clock, emit: Emit, id: string): LayerProgress {
  let lastAt = -Infinity
  let lastStatus = ''
  return {
    say: (status) => {
      lastStatus = status
      void emit({ status, progressDetail: {}, id })
    },
    count: (status, current, total) => {
      const now = clock.monotonicMs()
      if (status === lastStatus && now - lastAt < intervalMs) return
      lastAt = now
      lastStatus = status
      void emit({ status, progressDetail: { current, total }, progress: bar(current, total), id })
    },
  }
}
