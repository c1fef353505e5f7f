/** Moments as a clock on the wall of a time zone shows them, as text. Pure. */
import { apiTime } from '#kit/reconcile/api-time.ts'

/**
 * RFC 3339 text in whole seconds of a moment (epoch milliseconds) in a zone of the IANA database, with the zone's offset at
 * that moment: `2026-03-29T08:30:00+02:00`; `Z` where there is none, and without a zone.
 * @throws RangeError for a zone that nobody has.
 */
export function zonedTime(epochMs: number, timeZone: string = 'UTC'): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(epochMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  // `GMT+05:30`, and `GMT` alone for nothing.
  const [, sign, hours, minutes] = /^GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? []
  const offsetMinutes = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1)
  const local = apiTime(epochMs + offsetMinutes * 60_000).slice(0, -1)
  return offsetMinutes === 0 ? `${local}Z` : `${local}${sign}${hours}:${minutes}`
}
