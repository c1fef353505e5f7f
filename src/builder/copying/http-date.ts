/** Dates in HTTP headers (RFC 9110, section 5.6.7), without asking a clock. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Milliseconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`; undefined for anything else. */
export function parseHttpDate(text: string): number | undefined {
  const match = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/.exec(text.trim())
  if (match === null) return undefined
  const [, day, month = '', year, hours, minutes, seconds] = match
  const monthIndex = months.indexOf(month)
  if (monthIndex < 0) return undefined
  const clock = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return (daysSince1970(Number(year), monthIndex, Number(day)) * 86_400 + clock) * 1000
}

/** Days of the Gregorian calendar; years count from March so that the leap day comes last. */
function daysSince1970(year: number, monthIndex: number, day: number): number {
  const marchYear = monthIndex < 2 ? year - 1 : year
  const marchMonth = (monthIndex + 10) % 12
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  return marchYear * 365 + leapDays + Math.floor((marchMonth * 153 + 2) / 5) + day - 1 - 719_468
}
