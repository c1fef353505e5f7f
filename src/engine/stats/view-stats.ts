/** Statistics as the Engine API shows them (`ContainerStatsResponse`). Pure. */
import { formatInstant } from '#world/ports/clock.ts'
import type { CpuStats, StatsSample } from './read-sample.ts'

const never = '0001-01-01T00:00:00Z'
const noCpu: CpuStats = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
}
const noBlocks = {
  io_service_bytes_recursive: null,
  io_serviced_recursive: null,
  io_queue_recursive: null,
  io_service_time_recursive: null,
  io_wait_time_recursive: null,
  io_merged_recursive: null,
  io_time_recursive: null,
  sectors_recursive: null,
}

const nothing: Omit<StatsSample, 'at'> = { cpu: noCpu, memory: {}, pids: {}, blocks: noBlocks, networks: undefined }

export interface StatsSubject {
  readonly id: string
  /** Without the leading slash. */
  readonly name: string
}

/**
 * One answer: a sample beside the one before it, from which clients work out rates.
 * @param sample undefined for a container that does not run: everything but the names is empty.
 */
export function viewStats(
  subject: StatsSubject,
  sample: StatsSample | undefined,
  before: StatsSample | undefined,
): object {
  const { cpu, memory, pids, blocks, networks } = sample ?? nothing
  return {
    read: timeOf(sample),
    preread: timeOf(before),
    pids_stats: pids,
    blkio_stats: blocks,
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu,
    precpu_stats: (before ?? nothing).cpu,
    memory_stats: memory,
    name: `/${subject.name}`,
    id: subject.id,
    os_type: 'linux',
    ...(networks === undefined ? {} : { networks }),
  }
}

const timeOf = (sample: StatsSample | undefined): string => (sample === undefined ? never : formatInstant(sample.at))
