/** Parts of moments and spans (cel-spec, timestamps and durations; UTC unless a zone is given). */
import { declare, fail, type CallContext, type CelOverload } from '../cel-function.ts'
import type { CelDuration, CelTimestamp, CelValue } from '../cel-value.ts'
import { timestampParts, type TimestampParts } from '../time-values.ts'

function partsIn(moment: CelValue | undefined, zone: string, { zones }: CallContext): TimestampParts {
  const { nanos } = moment as CelTimestamp
  const offset = zones.offsetMinutes(zone, nanos)
  return offset === undefined ? fail(`unknown time zone ${zone}`) : timestampParts(nanos, offset)
}

const parts: readonly (readonly [string, string, (parts: TimestampParts) => number])[] = [
  ['getFullYear', 'timestamp_to_year', ({ year }) => year],
  ['getMonth', 'timestamp_to_month', ({ month }) => month - 1],
  ['getDayOfYear', 'timestamp_to_day_of_year', ({ dayOfYear }) => dayOfYear],
  ['getDayOfMonth', 'timestamp_to_day_of_month', ({ day }) => day - 1],
  ['getDate', 'timestamp_to_day_of_month_1_based', ({ day }) => day],
  ['getDayOfWeek', 'timestamp_to_day_of_week', ({ dayOfWeek }) => dayOfWeek],
  ['getHours', 'timestamp_to_hours', ({ hour }) => hour],
  ['getMinutes', 'timestamp_to_minutes', ({ minute }) => minute],
  ['getSeconds', 'timestamp_to_seconds', ({ second }) => second],
  ['getMilliseconds', 'timestamp_to_milliseconds', ({ nanos }) => Math.trunc(nanos / 1_000_000)],
]

const spans: readonly (readonly [string, string, (nanos: bigint) => bigint])[] = [
  ['getHours', 'duration_to_hours', (nanos) => nanos / 3_600_000_000_000n],
  ['getMinutes', 'duration_to_minutes', (nanos) => nanos / 60_000_000_000n],
  ['getSeconds', 'duration_to_seconds', (nanos) => nanos / 1_000_000_000n],
  ['getMilliseconds', 'duration_to_milliseconds', (nanos) => nanos / 1_000_000n],
]

export const timeFunctions: readonly CelOverload[] = [
  ...parts.flatMap(([name, id, part]) => [
    declare(`.${name}(timestamp) int`, id, ([moment], context) => BigInt(part(partsIn(moment, '', context)))),
    declare(`.${name}(timestamp, string) int`, `${id}_with_tz`, ([moment, zone], context) =>
      BigInt(part(partsIn(moment, zone as string, context))),
    ),
  ]),
  ...spans.map(([name, id, part]) =>
    declare(`.${name}(duration) int`, id, ([span]) => part((span as CelDuration).nanos)),
  ),
]
