/** Durations in words, and sizes and durations as flags have them, as the docker client prints them (docker/go-units). */
import { readGoDuration } from '#base/data/duration.ts'

/** A span of time in one rounded unit: `About a minute`, `3 days`. */
export function humanDuration(spanMs: number): string {
  const seconds = Math.trunc(spanMs / 1000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.trunc(spanMs / 60_000)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.trunc(spanMs / 3_600_000 + 0.5)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`
  return `${Math.trunc(spanMs / 3_600_000 / 24 / 365)} years`
}

/** `3 hours ago`, or `N/A` for a time before 1970 (an image whose build hid its date). */
export function ago(thenMs: number, nowMs: number): string {
  return thenMs <= 0 ? 'N/A' : `${humanDuration(nowMs - thenMs)} ago`
}

const sizeMultipliers: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
}

/** Bytes from `64m`, `1.5g`, `512` (units.RAMInBytes); undefined when it is no size. */
export function parseMemory(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+) ?([bkmgtpBKMGTP])?(?:[iI])?([bB])?$/.exec(text)
  if (match === null) return undefined
  return Math.trunc(Number(match[1]) * (sizeMultipliers[(match[2] ?? 'b').toLowerCase()] ?? 1))
}

/** Nanoseconds from Go's duration text (`1h30m`, `250ms`); undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const nanos = readGoDuration(text)
  return typeof nanos === 'string' ? undefined : Number(nanos)
}
