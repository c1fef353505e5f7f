/** Time, as the only source of it. Nothing outside `world` reads a clock or sets a timer by itself. */
import { dateTimeText } from '#base/data/rfc3339.ts'

export interface Clock {
  /** Wall time, milliseconds since 1970, with fractions where the machine has them. */
  now(): number
  /** Time that never goes back, milliseconds from an arbitrary start. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs `fn` once after `ms` unless disposed. The timer does not keep the process alive by itself. */
  setTimer(ms: number, fn: () => void): Disposable
}

/** RFC 3339 with nanosecond digits in UTC, as Docker prints times (`2026-01-02T03:04:05.678900000Z`). */
export function formatInstant(epochMs: number): string {
  const seconds = Math.floor(epochMs / 1000)
  const nanos = Math.min(999_999_999, Math.max(0, Math.round((epochMs - seconds * 1000) * 1e6)))
  const whole = dateTimeText(seconds)
  const fraction = nanos.toString().padStart(9, '0').replace(/0+$/, '')
  return fraction === '' ? `${whole}Z` : `${whole}.${fraction}Z`
}
