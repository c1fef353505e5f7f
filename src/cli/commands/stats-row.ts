/** A reading of a container's use as a row of `stats`. */
import { formatBinarySize, formatDecimalSize } from '#base/data/byte-size.ts'
import type { ListingShape, Row } from '#cli/output/listing.ts'

interface CpuStats {
  readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null }
  readonly system_cpu_usage?: number
  readonly online_cpus?: number
}

export interface StatsSample {
  readonly name?: string
  readonly id?: string
  readonly cpu_stats?: CpuStats
  readonly precpu_stats?: CpuStats
  readonly memory_stats?: {
    readonly usage?: number
    readonly limit?: number
    readonly stats?: Readonly<Record<string, number>>
  }
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null
  }
  readonly pids_stats?: { readonly current?: number }
}

export const statsListing: ListingShape = {
  typeName: '*container.statsContext',
  table: '{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}',
  headers: {
    Container: 'CONTAINER',
    ID: 'CONTAINER ID',
    Name: 'NAME',
    CPUPerc: 'CPU %',
    MemUsage: 'MEM USAGE / LIMIT',
    MemPerc: 'MEM %',
    NetIO: 'NET I/O',
    BlockIO: 'BLOCK I/O',
    PIDs: 'PIDS',
  },
}

/** A container that gave no reading. */
export function emptyStatsRow(name: string, id: string): Row {
  return {
    Container: id,
    ID: id,
    Name: name,
    CPUPerc: '--',
    MemUsage: '-- / --',
    MemPerc: '--',
    NetIO: '--',
    BlockIO: '--',
    PIDs: '--',
  }
}

/** The fields of one reading. */
export function statsRow(
  sample: StatsSample,
  { full, asked }: { readonly full: boolean; readonly asked: string },
): Row {
  const id = sample.id ?? ''
  const used = memoryUsed(sample)
  const limit = sample.memory_stats?.limit ?? 0
  const networks = Object.values(sample.networks ?? {})
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return {
    Container: asked.replace(/^\//, ''),
    ID: full ? id : id.slice(0, 12),
    Name: (sample.name ?? '').replace(/^\//, '') || '--',
    CPUPerc: `${cpuPercent(sample).toFixed(2)}%`,
    MemUsage: `${formatBinarySize(used)} / ${formatBinarySize(limit)}`,
    MemPerc: `${(limit === 0 ? 0 : (used / limit) * 100).toFixed(2)}%`,
    NetIO: `${formatDecimalSize(sum(networks.map((network) => network.rx_bytes)), 3)} / ${formatDecimalSize(sum(networks.map((network) => network.tx_bytes)), 3)}`,
    BlockIO: `${formatDecimalSize(blockBytes(sample, 'r'), 3)} / ${formatDecimalSize(blockBytes(sample, 'w'), 3)}`,
    PIDs: String(sample.pids_stats?.current ?? 0),
  }
}

function blockBytes({ blkio_stats: blkio }: StatsSample, letter: string): number {
  return (blkio?.io_service_bytes_recursive ?? [])
    .filter((entry) => entry.op.toLowerCase().startsWith(letter))
    .reduce((total, entry) => total + entry.value, 0)
}

function totalUsage(stats: CpuStats): number {
  return stats.cpu_usage?.total_usage ?? 0
}

/** Share of CPU time between two readings; 100 is one CPU. */
function cpuPercent({ cpu_stats: now = {}, precpu_stats: before = {} }: StatsSample): number {
  const own = totalUsage(now) - totalUsage(before)
  const system = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0)
  const cpus = now.online_cpus || (now.cpu_usage?.percpu_usage ?? []).length
  return system > 0 && own > 0 ? (own / system) * cpus * 100 : 0
}

/** Memory without the page cache that can be dropped at once: another counter on cgroup v1 than on v2. */
function memoryUsed({ memory_stats: memory = {} }: StatsSample): number {
  const usage = memory.usage ?? 0
  for (const key of ['total_inactive_file', 'inactive_file']) {
    const cache = memory.stats?.[key]
    if (cache !== undefined && cache < usage) return usage - cache
  }
  return usage
}
