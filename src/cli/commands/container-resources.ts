/** The flags that limit what a container may use, as the Engine API's Resources. */
import { failure } from '#cli/docker/exit.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import { parseMemory } from '#cli/output/human-units.ts'

/** What a container may use: the Resources of a HostConfig. */
export function resources(flags: Flags): Readonly<Record<string, unknown>> {
  const count = (name: string): number => flags.int(name) ?? 0
  const bytes = (name: string): number => flags.bytes(name) ?? 0
  return {
    CpuShares: count('cpu-shares'),
    Memory: bytes('memory'),
    NanoCpus: Math.round(Number(flags.text('cpus') || '0') * 1e9),
    CgroupParent: flags.text('cgroup-parent'),
    BlkioWeight: count('blkio-weight'),
    BlkioWeightDevice: flags
      .list('blkio-weight-device')
      .map((text) => ({ Path: text.split(':')[0], Weight: Number(text.split(':')[1]) })),
    BlkioDeviceReadBps: deviceRates(flags.list('device-read-bps')),
    BlkioDeviceWriteBps: deviceRates(flags.list('device-write-bps')),
    BlkioDeviceReadIOps: deviceRates(flags.list('device-read-iops')),
    BlkioDeviceWriteIOps: deviceRates(flags.list('device-write-iops')),
    CpuPeriod: count('cpu-period'),
    CpuQuota: count('cpu-quota'),
    CpuRealtimePeriod: count('cpu-rt-period'),
    CpuRealtimeRuntime: count('cpu-rt-runtime'),
    CpusetCpus: flags.text('cpuset-cpus'),
    CpusetMems: flags.text('cpuset-mems'),
    Devices: flags.list('device').filter(isDevicePath).map(device),
    DeviceCgroupRules: flags.list('device-cgroup-rule').length === 0 ? null : flags.list('device-cgroup-rule'),
    DeviceRequests: deviceRequests(flags),
    MemoryReservation: bytes('memory-reservation'),
    MemorySwap: bytes('memory-swap'),
    MemorySwappiness: flags.int('memory-swappiness') ?? -1,
    OomKillDisable: flags.bool('oom-kill-disable'),
    PidsLimit: count('pids-limit'),
    Ulimits: flags.list('ulimit').map(ulimit),
    CpuCount: count('cpu-count'),
    CpuPercent: count('cpu-percent'),
    IOMaximumIOps: count('io-maxiops'),
    IOMaximumBandwidth: bytes('io-maxbandwidth'),
  }
}

function deviceRates(entries: readonly string[]): readonly { readonly Path: string; readonly Rate: number }[] {
  return entries.map((text) => ({
    Path: text.slice(0, text.indexOf(':')),
    Rate: parseMemory(text.slice(text.indexOf(':') + 1)) ?? 0,
  }))
}

/** Anything else names a CDI device (`vendor/class=name`). */
function isDevicePath(text: string): boolean {
  return text.startsWith('/') || !text.includes('=')
}

function device(text: string): Readonly<Record<string, string>> {
  const [host = '', second, third] = text.split(':')
  const permissionsOnly = second !== undefined && third === undefined && /^[rwm]{1,3}$/.test(second)
  if (text.split(':').length > 3) throw failure(`invalid device specification: ${text}`)
  const permissions = permissionsOnly ? second : (third ?? 'rwm')
  if (!/^[rwm]{1,3}$/.test(permissions)) throw failure(`bad mode specified: ${permissions}`)
  return {
    PathOnHost: host,
    PathInContainer: permissionsOnly ? host : (second ?? host),
    CgroupPermissions: permissions,
  }
}

function deviceRequests(flags: Flags): readonly unknown[] | null {
  const gpus = flags.list('gpus').map((text) => {
    const all = text === 'all' || /^count=all$/.test(text)
    const count = /^(?:count=)?(\d+)$/.exec(text)?.[1]
    const ids = /device=([^"]+)/.exec(text)?.[1]?.split(',') ?? null
    return {
      Driver: '',
      Count: all ? -1 : ids === null ? Number(count ?? 1) : 0,
      DeviceIDs: ids,
      Capabilities: [['gpu']],
      Options: {},
    }
  })
  const cdi = flags.list('device').filter((text) => !isDevicePath(text))
  const all = [
    ...gpus,
    ...(cdi.length === 0 ? [] : [{ Driver: 'cdi', Count: 0, DeviceIDs: cdi, Capabilities: null, Options: null }]),
  ]
  return all.length === 0 ? null : all
}

/** `nofile=1:2` as the API's form; one number is both limits. */
export function ulimit(text: string): { readonly Name: string; readonly Hard: number; readonly Soft: number } {
  const [name = '', limits = ''] = text.split('=')
  const [soft = '0', hard = soft] = limits.split(':')
  return { Name: name, Hard: Number(hard), Soft: Number(soft) }
}
