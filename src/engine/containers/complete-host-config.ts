/** `HostConfig` with every field there: what clients leave out gets Docker's default, as inspect shows it. Pure. */
import type { HostConfig, Resources } from '#spec/docker/container-config.ts'
import { defaultMaskedPaths, defaultReadonlyPaths } from '#spec/docker/default-paths.table.ts'

export interface HostDefaults {
  readonly runtime: string
  readonly cgroupnsMode: 'host' | 'private'
  readonly logConfig: HostConfig['LogConfig']
  readonly shmSizeBytes: number
}

const noResources: Resources = {
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: '',
  CpusetMems: '',
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  KernelMemory: 0,
  KernelMemoryTCP: 0,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: false,
  PidsLimit: null,
  Ulimits: [],
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
}

const baseConfig: HostConfig = {
  ...noResources,
  Binds: null,
  ContainerIDFile: '',
  LogConfig: { Type: 'json-file', Config: {} },
  NetworkMode: 'default',
  PortBindings: {},
  RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: '',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 0,
  Runtime: '',
  Isolation: '',
  MaskedPaths: null,
  ReadonlyPaths: null,
}

/** Drops what is null or absent where Docker's default is something else. */
function given(user: Partial<HostConfig>): Partial<HostConfig> {
  const nullable = new Set([
    'Binds',
    'CapAdd',
    'CapDrop',
    'ExtraHosts',
    'GroupAdd',
    'Links',
    'SecurityOpt',
    'VolumesFrom',
    'MemorySwappiness',
    'OomKillDisable',
    'PidsLimit',
    'DeviceCgroupRules',
    'DeviceRequests',
    'MaskedPaths',
    'ReadonlyPaths',
  ])
  const rows = Object.entries(user).filter(
    ([key, value]) => value !== undefined && (value !== null || nullable.has(key)),
  )
  return Object.fromEntries(rows)
}

/** Memory without a word on swap allows as much swap again (moby `adaptContainerSettings`). */
function adaptMemory(config: HostConfig): Pick<HostConfig, 'MemorySwap' | 'MemorySwappiness'> {
  const MemorySwap = config.Memory > 0 && config.MemorySwap === 0 ? config.Memory * 2 : config.MemorySwap
  return { MemorySwap, MemorySwappiness: config.MemorySwappiness === -1 ? null : config.MemorySwappiness }
}

/** Proc and sys paths are hidden unless the container is privileged or says that it wants them. */
function pathsOf(config: HostConfig): Pick<HostConfig, 'MaskedPaths' | 'ReadonlyPaths'> {
  const open = config.Privileged || config.SecurityOpt?.includes('systempaths=unconfined') === true
  if (open) return { MaskedPaths: null, ReadonlyPaths: null }
  return {
    MaskedPaths: config.MaskedPaths ?? defaultMaskedPaths,
    ReadonlyPaths: config.ReadonlyPaths ?? defaultReadonlyPaths,
  }
}

/** Who sees the host's processes, or all of it, has no label (moby `generateSecurityOpt`). */
function securityOf({ Privileged, IpcMode, PidMode, SecurityOpt }: HostConfig): HostConfig['SecurityOpt'] {
  const unlabelled = Privileged || IpcMode === 'host' || PidMode === 'host'
  return unlabelled ? [...(SecurityOpt ?? []), 'label=disable'] : SecurityOpt
}

/** Options given without a driver are the default driver's. */
function loggingOf({ LogConfig }: HostConfig, fallback: HostConfig['LogConfig']): HostConfig['LogConfig'] {
  const options = LogConfig.Config ?? {}
  if (LogConfig.Type !== '') return { Type: LogConfig.Type, Config: options }
  return { Type: fallback.Type, Config: { ...fallback.Config, ...options } }
}

/** The complete host configuration of a new container. */
export function completeHostConfig(user: Partial<HostConfig>, defaults: HostDefaults): HostConfig {
  const config: HostConfig = { ...baseConfig, ...given(user) }
  const text = (value: string, fallback: string): string => (value === '' ? fallback : value)
  const { Name, MaximumRetryCount } = config.RestartPolicy
  return {
    ...config,
    ...adaptMemory(config),
    ...pathsOf(config),
    SecurityOpt: securityOf(config),
    PidsLimit: (config.PidsLimit ?? 0) <= 0 ? null : config.PidsLimit,
    LogConfig: loggingOf(config, defaults.logConfig),
    NetworkMode: text(config.NetworkMode, 'default'),
    RestartPolicy: { Name: Name ?? '', MaximumRetryCount: Number(MaximumRetryCount ?? 0) },
    IpcMode: text(config.IpcMode, 'private'),
    CgroupnsMode: text(config.CgroupnsMode, config.Privileged ? 'host' : defaults.cgroupnsMode),
    Runtime: text(config.Runtime, defaults.runtime),
    ShmSize: config.ShmSize === 0 ? defaults.shmSizeBytes : config.ShmSize,
  }
}
