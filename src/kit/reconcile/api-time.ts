/** Times of the Kubernetes API: RFC 3339 in UTC with whole seconds (`Time`) or microseconds (`MicroTime`). */
import { formatTime, parseTime } from '#spec/kubernetes/decode/time-text.ts'

/** Epoch milliseconds as a `Time`. */
export function apiTime(epochMs: number): string {
  return formatTime({ seconds: Math.floor(epochMs / 1000), nanos: 0 }) ?? ''
}

/** Epoch milliseconds as a `MicroTime`. */
export function apiMicroTime(epochMs: number): string {
  const seconds = Math.floor(epochMs / 1000)
  return formatTime({ seconds, nanos: Math.floor((epochMs - seconds * 1000) * 1000) * 1000 }, true) ?? ''
}

/** Epoch milliseconds of either; undefined where there is no time or text that is none. */
export function epochMsOf(time: string | null | undefined): number | undefined {
  if (time === undefined || time === null || time === '') return undefined
  try {
    const { seconds, nanos } = parseTime(time)
    return seconds * 1000 + nanos / 1e6
  } catch {
    return undefined
  }
}
