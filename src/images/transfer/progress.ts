/** Progress of one layer in the words that clients of Docker wait for, not too often (contract, `POST /images/create`). */
import { formatDecimalSize } from '#base/data/byte-size.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ProgressMessage } from './progress-hub.ts'

export interface LayerProgress {
  say(status: string): void
  /** Bytes so far of a total. */
  count(status: string, currentBytes: number, totalBytes: number): void
}

const intervalMs = 100
const barCells = 50

/** Messages about one layer, named by its short id. */
export function layerProgress(clock: Clock, publish: (message: ProgressMessage) => void, id: string): LayerProgress {
  let saidAtMs = -Infinity
  let saidStatus = ''
  return {
    say(status) {
      saidStatus = status
      publish({ status, progressDetail: {}, id })
    },
    count(status, current, total) {
      const now = clock.monotonicMs()
      if (status === saidStatus && now - saidAtMs < intervalMs && current < total) return
      saidAtMs = now
      saidStatus = status
      publish({ status, progressDetail: { current, total }, progress: progressBar(current, total), id })
    },
  }
}

/** `[=====>      ]  1.2MB/3.4MB`: a bar for old clients; new ones draw their own from `progressDetail`. */
export function progressBar(current: number, total: number): string {
  if (total <= 0 || current > total) return formatDecimalSize(current).padStart(8)
  const full = Math.min(barCells, Math.floor((current / total) * barCells))
  return `[${'='.repeat(full)}>${' '.repeat(barCells - full)}] ${formatDecimalSize(current).padStart(8)}/${formatDecimalSize(total)}`
}
