/** Reading the kernel's mount table; pure. */

/** Mount points of a `/proc/PID/mountinfo` text (proc(5)), in the table's order, octal escapes resolved. */
export function parseMountInfo(text: string): string[] {
  const points: string[] = []
  for (const line of text.split('\n')) {
    const point = line.split(' ', 5)[4]
    if (point !== undefined) points.push(point.includes('\\') ? unescapeOctal(point) : point)
  }
  return points
}

/** The kernel writes space, tab, newline and backslash bytes as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
