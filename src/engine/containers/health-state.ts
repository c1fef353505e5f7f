/** How a container's health check has gone so far. */
import type { Instant } from './container-record.ts'

export interface HealthProbe {
  readonly start: Instant
  readonly end: Instant
  /** 0 healthy; -1 when it did not come to an end. */
  readonly exitCode: number
  readonly output: string
}

export interface HealthState {
  readonly status: 'starting' | 'healthy' | 'unhealthy'
  readonly failingStreak: number
  /** The newest five, oldest first. */
  readonly log: readonly HealthProbe[]
}
