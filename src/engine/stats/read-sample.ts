/** One look at a running container's counters, on cgroup v1 (also hybrid) and v2, in the API's shape. */
import { join } from 'node:path'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import { cgroupFolder } from '#engine/runtime/cgroups.ts'
import {
  parseBlockRows,
  parseCount,
  parseIoStat,
  parseKeyed,
  parseNetDev,
  parseSystemCpu,
  ticksToNanos,
} from './parse-counters.ts'
import type { BlockEntry, InterfaceCounters } from './parse-counters.ts'

export interface CpuStats {
  readonly cpu_usage: {
    readonly total_usage: number
    readonly percpu_usage?: readonly number[]
    readonly usage_in_kernelmode: number
    readonly usage_in_usermode: number
  }
  readonly system_cpu_usage?: number
  readonly online_cpus?: number
  readonly throttling_data: {
    readonly periods: number
    readonly throttled_periods: number
    readonly throttled_time: number
  }
}

export interface MemoryStats {
  readonly usage?: number
  readonly max_usage?: number
  readonly stats?: Readonly<Record<string, number>>
  readonly failcnt?: number
  readonly limit?: number
}

export interface StatsSample {
  /** Epoch milliseconds. */
  readonly at: number
  readonly cpu: CpuStats
  readonly memory: MemoryStats
  readonly pids: { readonly current?: number; readonly limit?: number }
  readonly blocks: Readonly<Record<string, readonly BlockEntry[] | null>>
  readonly networks: Readonly<Record<string, InterfaceCounters>> | undefined
}

export interface SampleRequest {
  readonly files: Files
  /** Epoch milliseconds. */
  readonly now: number
  /** Path of the container's cgroup below each hierarchy. */
  readonly group: string
  readonly unified: boolean
  /** Process whose network is counted; undefined: the container has none of its own. */
  readonly networkPid: number | undefined
  readonly cpuCount: number
  readonly memoryBytes: number
}

/** What a sample is made of: a file of the container's cgroup by controller (v1) and name. */
type ReadGroup = (controller: string, file: string) => Promise<string>
type Counted = Pick<StatsSample, 'cpu' | 'memory' | 'pids' | 'blocks'>

const fileBytesMax = 1 << 20

async function readOrEmpty(files: Files, path: string): Promise<string> {
  try {
    return await files.readText(path, { maxBytes: fileBytesMax })
  } catch (error) {
    if (errnoOf(error) !== undefined) return ''
    throw error
  }
}

/** Every list of block statistics that there is; the kernel fills only two of them nowadays. */
function blockLists(bytes: readonly BlockEntry[], operations: readonly BlockEntry[] | null): StatsSample['blocks'] {
  const rest = operations === null ? null : []
  return {
    io_service_bytes_recursive: bytes,
    io_serviced_recursive: operations,
    io_queue_recursive: rest,
    io_service_time_recursive: rest,
    io_wait_time_recursive: rest,
    io_merged_recursive: rest,
    io_time_recursive: rest,
    sectors_recursive: rest,
  }
}

/** A limit above what the machine has is none. */
const boundedLimit = (limit: number | undefined, machineBytes: number): number =>
  limit === undefined || limit === 0 ? machineBytes : Math.min(limit, machineBytes)

function pidsOf(current: string, max: string): StatsSample['pids'] {
  const limit = parseCount(max)
  return { current: parseCount(current) ?? 0, ...(limit === undefined ? {} : { limit }) }
}

type System = Pick<CpuStats, 'system_cpu_usage' | 'online_cpus'>

async function readV1(read: ReadGroup, system: System, machineBytes: number): Promise<Counted> {
  const [usage, percpu, modes, throttling, used, peak, limit, failures, memory, current, max, bytes, operations] =
    await Promise.all([
      read('cpuacct', 'cpuacct.usage'),
      read('cpuacct', 'cpuacct.usage_percpu'),
      read('cpuacct', 'cpuacct.stat'),
      read('cpu', 'cpu.stat'),
      read('memory', 'memory.usage_in_bytes'),
      read('memory', 'memory.max_usage_in_bytes'),
      read('memory', 'memory.limit_in_bytes'),
      read('memory', 'memory.failcnt'),
      read('memory', 'memory.stat'),
      read('pids', 'pids.current'),
      read('pids', 'pids.max'),
      read('blkio', 'blkio.throttle.io_service_bytes_recursive'),
      read('blkio', 'blkio.throttle.io_serviced_recursive'),
    ])
  const { user, system: kernel } = parseKeyed(modes)
  const {
    nr_periods: periods = 0,
    nr_throttled: throttled = 0,
    throttled_time: throttledNanos = 0,
  } = parseKeyed(throttling)
  const failcnt = parseCount(failures) ?? 0
  return {
    cpu: {
      cpu_usage: {
        total_usage: parseCount(usage) ?? 0,
        percpu_usage: percpu
          .trim()
          .split(/\s+/)
          .filter((word) => word !== '')
          .map(Number),
        usage_in_kernelmode: ticksToNanos(kernel),
        usage_in_usermode: ticksToNanos(user),
      },
      ...system,
      throttling_data: { periods, throttled_periods: throttled, throttled_time: throttledNanos },
    },
    memory: {
      usage: parseCount(used) ?? 0,
      max_usage: parseCount(peak) ?? 0,
      stats: parseKeyed(memory),
      ...(failcnt === 0 ? {} : { failcnt }),
      limit: boundedLimit(parseCount(limit), machineBytes),
    },
    pids: pidsOf(current, max),
    blocks: blockLists(parseBlockRows(bytes), parseBlockRows(operations)),
  }
}

async function readV2(read: ReadGroup, system: System, machineBytes: number): Promise<Counted> {
  const names = ['cpu.stat', 'memory.current', 'memory.max', 'memory.stat', 'pids.current', 'pids.max', 'io.stat']
  const [cpu = '', used = '', limit = '', memory = '', current = '', max = '', io = ''] = await Promise.all(
    names.map((name) => read('', name)),
  )
  const times = parseKeyed(cpu)
  const nanos = (key: string): number => (times[key] ?? 0) * 1000
  return {
    cpu: {
      cpu_usage: {
        total_usage: nanos('usage_usec'),
        usage_in_kernelmode: nanos('system_usec'),
        usage_in_usermode: nanos('user_usec'),
      },
      ...system,
      throttling_data: {
        periods: times['nr_periods'] ?? 0,
        throttled_periods: times['nr_throttled'] ?? 0,
        throttled_time: nanos('throttled_usec'),
      },
    },
    memory: {
      usage: parseCount(used) ?? 0,
      stats: parseKeyed(memory),
      limit: boundedLimit(parseCount(limit), machineBytes),
    },
    pids: pidsOf(current, max),
    blocks: blockLists(parseIoStat(io), null),
  }
}

/** Reads all counters of a container at once (about twenty small files). Files that are missing count as zero. */
export async function readSample(request: SampleRequest): Promise<StatsSample> {
  const { files, group, networkPid } = request
  const read: ReadGroup = async (controller, file) =>
    readOrEmpty(files, join(await cgroupFolder(files, controller, group), file))
  const [stat, network] = await Promise.all([
    readOrEmpty(files, '/proc/stat'),
    networkPid === undefined ? '' : readOrEmpty(files, `/proc/${networkPid}/net/dev`),
  ])
  const system: System = { system_cpu_usage: parseSystemCpu(stat), online_cpus: request.cpuCount }
  const counted = await (request.unified ? readV2 : readV1)(read, system, request.memoryBytes)
  const networks = parseNetDev(network)
  return { at: request.now, ...counted, networks: Object.keys(networks).length === 0 ? undefined : networks }
}
