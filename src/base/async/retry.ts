/** Retry as data: how often, how long apart; the loop only obeys. */

/** The parts of the world that retrying needs; the ports Clock and Random satisfy them. */
export interface RetryWorld {
  readonly clock: { sleep(ms: number, signal?: AbortSignal): Promise<void>; monotonicMs(): number }
  readonly random: { float(): number }
}

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attemptsMax: number
  /** Pause before the second attempt. */
  readonly firstDelayMs: number
  /** Each pause is this many times the one before. */
  readonly factor: number
  readonly delayMaxMs: number
  /** Share of each pause that is drawn at random, 0 to 1. */
  readonly jitter: number
  /** No new attempt starts after this time; 0 has no limit. */
  readonly budgetMs: number
}

/** Five attempts within half a minute: right for a neighbour that restarts. */
export const defaultRetryPolicy: RetryPolicy = {
  attemptsMax: 5,
  firstDelayMs: 200,
  factor: 2,
  delayMaxMs: 10_000,
  jitter: 0.3,
  budgetMs: 30_000,
}

/** The pause after failed attempt number `attempt` (from 1), in ms, or undefined when there shall be no other. `chance` is in [0, 1). */
export function delayAfter(policy: RetryPolicy, attempt: number, chance: number): number | undefined {
  if (attempt >= policy.attemptsMax) return undefined
  const full = Math.min(policy.delayMaxMs, policy.firstDelayMs * policy.factor ** (attempt - 1))
  return full * (1 - policy.jitter * chance)
}

export interface RetryOptions {
  readonly policy?: RetryPolicy
  readonly signal?: AbortSignal
  /** False for failures that another attempt cannot mend; true for all unless told. */
  readonly isRetryable?: (error: unknown) => boolean
  /** Told of each failure that is followed by another attempt. */
  readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void
}

/**
 * Runs `work` until it succeeds or the policy ends.
 * @throws the last failure, or the signal's reason.
 */
export async function retry<T>(
  world: RetryWorld,
  work: (attempt: number) => Promise<T> | T,
  options: RetryOptions = {},
): Promise<T> {
  const policy = options.policy ?? defaultRetryPolicy
  const startedMs = world.clock.monotonicMs()
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted()
    try {
      return await work(attempt)
    } catch (error) {
      const delayMs = delayAfter(policy, attempt, world.random.float())
      if (delayMs === undefined || options.isRetryable?.(error) === false) throw error
      const elapsedMs = world.clock.monotonicMs() - startedMs
      if (policy.budgetMs > 0 && elapsedMs + delayMs > policy.budgetMs) throw error
      options.onRetry?.(error, attempt, delayMs)
      await world.clock.sleep(delayMs, options.signal)
    }
  }
}
