/** Lengths of time as people say them: `5 minutes`, `1.5h`, `3 days`, `2h 30m`; a number is milliseconds. */
import { GantryError } from '#base/errors/gantry-error.ts'

const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|milliseconds?)$/, 1],
  [/^(?:s|sec|secs|seconds?)$/, 1000],
  [/^(?:m|min|mins|minutes?)$/, 60_000],
  [/^(?:h|hours?)$/, 3_600_000],
  [/^(?:d|days?)$/, 86_400_000],
  [/^(?:w|weeks?)$/, 604_800_000],
]

/** Milliseconds. @throws GantryError for text that is no length of time. */
export function durationMs(duration: string | number): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return duration
    throw notDuration(String(duration))
  }
  const parts = [...duration.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*,?\s*(?:and\s+)?/gy)]
  const length = parts.reduce((sum, [whole]) => sum + whole.length, 0)
  if (parts.length === 0 || length !== duration.trim().length) throw notDuration(duration)
  return parts.reduce((sum, [, amount, unit = '']) => {
    const factor = units.find(([pattern]) => pattern.test(unit))?.[1]
    if (factor === undefined) throw notDuration(duration)
    return sum + Number(amount) * factor
  }, 0)
}

function notDuration(text: string): GantryError {
  return new GantryError('CLUSTER_DURATION_INVALID', 'invalid', `"${text}" is no length of time`, {
    remedy: 'Write it as in "5 minutes", "90s", "2h 30m" or "3 days".',
  })
}
