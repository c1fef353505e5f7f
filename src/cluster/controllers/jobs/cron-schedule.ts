/** Times of a cron schedule in a time zone. Patterns are read by croner; times are epoch milliseconds. */
import { Cron } from 'croner'
import { parseGoDurationMs } from '#base/data/duration.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'

export interface CronSchedule {
  /** The first time after a moment; undefined when there is none. */
  after(epochMs: number): number | undefined
}

/**
 * Reads a schedule.
 * @throws what is wrong with the pattern or the zone.
 */
export function parseSchedule(pattern: string, timeZone: string = 'Etc/UTC'): CronSchedule {
  if (pattern.startsWith(everyPrefix)) return everySchedule(pattern.slice(everyPrefix.length))
  const cron = new Cron(pattern, { paused: true, timezone: timeZone })
  return { after: (epochMs) => cron.nextRun(apiTime(epochMs))?.getTime() }
}

const everyPrefix = '@every '

/** A pause of whole seconds between runs, one at least, counted from whole seconds. */
function everySchedule(duration: string): CronSchedule {
  const everyMs = Math.max(1, Math.trunc(parseGoDurationMs(duration) / 1000)) * 1000
  return { after: (epochMs) => Math.floor(epochMs / 1000) * 1000 + everyMs }
}

export interface MissedRuns {
  /** The latest time that is due; undefined when nothing is. */
  readonly latestMs: number | undefined
  readonly nextMs: number | undefined
  /** More than a hundred times passed unseen. */
  readonly isTooMany: boolean
  /** No time will ever come: 30 February. */
  readonly isNever: boolean
}

const missedMost = 100
/** Steps walked one by one; beyond, the distance between runs is used to come near the end. */
const stepsMost = 200

/** What became due after `fromMs` until now. */
export function missedRuns(schedule: CronSchedule, fromMs: number, nowMs: number): MissedRuns {
  const firstMs = schedule.after(fromMs)
  if (firstMs === undefined || firstMs > nowMs)
    return { latestMs: undefined, nextMs: firstMs, isTooMany: false, isNever: firstMs === undefined }
  const secondMs = schedule.after(firstMs)
  const everyMs = secondMs === undefined ? Infinity : secondMs - firstMs
  const guess = Number.isFinite(everyMs) ? Math.floor((nowMs - firstMs) / everyMs) + 1 : 1
  let atMs = guess > stepsMost ? nowMs - everyMs * missedMost : firstMs
  if (atMs !== firstMs) atMs = schedule.after(atMs) ?? firstMs
  let latestMs = firstMs
  let count = 0
  for (let nextMs: number | undefined = atMs; nextMs !== undefined && nextMs <= nowMs && count < 10_000; count++) {
    latestMs = nextMs
    nextMs = schedule.after(nextMs)
  }
  return {
    latestMs,
    nextMs: schedule.after(nowMs),
    isTooMany: Math.max(count, guess > stepsMost ? guess : 0) > missedMost,
    isNever: false,
  }
}
