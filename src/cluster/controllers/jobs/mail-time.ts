/** Times as mails carry them: `Thu, 01 Jan 2026 00:00:00 +0000`. */
import { civilFromDays } from '#base/data/civil-day.ts'

const weekdays = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const secondsPerDay = 86_400

/** Epoch milliseconds in UTC with a numeric zone (RFC 1123, as Go's RFC1123Z); parts of a second are left out. */
export function mailTime(epochMs: number): string {
  const seconds = Math.floor(epochMs / 1000)
  const days = Math.floor(seconds / secondsPerDay)
  const { year, month, day } = civilFromDays(days)
  const ofDay = seconds - days * secondsPerDay
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  // 1970 began on a Thursday.
  const weekday = weekdays[((days % 7) + 7) % 7] ?? ''
  const time = [ofDay / 3600, (ofDay / 60) % 60, ofDay % 60].map(two).join(':')
  return `${weekday}, ${two(day)} ${months[month - 1] ?? ''} ${String(year).padStart(4, '0')} ${time} +0000`
}
