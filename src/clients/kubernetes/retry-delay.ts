/** How long to wait before a failed call to the API is repeated. */
import type { Random } from '#world/ports/random.ts'

const firstMs = 200
const mostMs = 30_000

/** Doubles from 0.2 s to 30 s, each spread over half of it, so that many clients do not return at once. */
export function retryDelayMs(failures: number, random: Random): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(failures, 20))
  return whole / 2 + random.float() * (whole / 2)
}
