/** The small text files of cgroups and /proc that statistics come from, as numbers. Pure; what is missing counts as zero. */

/** `name value` lines (memory.stat, cpu.stat, cpuacct.stat). */
export function parseKeyed(text: string): Record<string, number> {
  const values: Record<string, number> = {}
  for (const line of text.split('\n')) {
    const [key = '', value = ''] = line.split(' ')
    if (key !== '' && /^\d+$/.test(value)) values[key] = Number(value)
  }
  return values
}

/** A file of one number; `max` and rubbish are undefined. */
export function parseCount(text: string): number | undefined {
  const word = text.trim()
  return /^\d+$/.test(word) ? Number(word) : undefined
}

/** One row of block statistics. */
export interface BlockEntry {
  readonly major: number
  readonly minor: number
  readonly op: string
  readonly value: number
}

/** `8:0 Read 4096` lines of cgroup v1. */
export function parseBlockRows(text: string): BlockEntry[] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op = '', value]) => ({
    major: Number(major),
    minor: Number(minor),
    op,
    value: Number(value),
  }))
}

/** `8:0 rbytes=1 wbytes=2 rios=3 …` lines of cgroup v2's io.stat, as bytes read and written. */
export function parseIoStat(text: string): BlockEntry[] {
  return [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, rest = '']) => {
    const values = new Map(rest.split(' ').map((pair) => [pair.split('=')[0], Number(pair.split('=')[1])]))
    const place = { major: Number(major), minor: Number(minor) }
    return [
      { ...place, op: 'read', value: values.get('rbytes') ?? 0 },
      { ...place, op: 'write', value: values.get('wbytes') ?? 0 },
    ]
  })
}

/** A network interface's counters, named as the API names them. */
export interface InterfaceCounters {
  readonly rx_bytes: number
  readonly rx_packets: number
  readonly rx_errors: number
  readonly rx_dropped: number
  readonly tx_bytes: number
  readonly tx_packets: number
  readonly tx_errors: number
  readonly tx_dropped: number
}

/** /proc/PID/net/dev by interface; the loopback is nobody's business. */
export function parseNetDev(text: string): Record<string, InterfaceCounters> {
  const rows: Record<string, InterfaceCounters> = {}
  for (const [, name = '', rest = ''] of text.matchAll(/^\s*([^:\s|]+):\s*(.*)$/gm)) {
    if (name !== 'lo') rows[name] = countersOf(rest.split(/\s+/).map(Number))
  }
  return rows
}

/** Eight columns of receiving, then eight of sending (kernel `net/core/net-procfs.c`). */
function countersOf(columns: readonly number[]): InterfaceCounters {
  const at = (index: number): number => columns[index] ?? 0
  return {
    rx_bytes: at(0),
    rx_packets: at(1),
    rx_errors: at(2),
    rx_dropped: at(3),
    tx_bytes: at(8),
    tx_packets: at(9),
    tx_errors: at(10),
    tx_dropped: at(11),
  }
}

/** Ticks a second of /proc/stat and cpuacct.stat: USER_HZ is 100 on every Linux that runs Node. */
const nanosPerTick = 1e7

/** Nanoseconds of a count of clock ticks. */
export function ticksToNanos(ticks: number | undefined): number {
  return (ticks ?? 0) * nanosPerTick
}

/** Nanoseconds that all processors have spent on anything, from /proc/stat (guest time is in user time already). */
export function parseSystemCpu(text: string): number {
  const line = /^cpu\s+(.*)$/m.exec(text)?.[1] ?? ''
  return ticksToNanos(
    line
      .split(/\s+/)
      .slice(0, 8)
      .reduce((sum, word) => sum + Number(word), 0),
  )
}
