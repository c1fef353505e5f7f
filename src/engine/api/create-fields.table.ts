/** JSON types of the fields of a create request (Engine API 1.51, ContainerConfig, HostConfig, NetworkingConfig). */

/** A type: by name, a list of it, a map of text to it, or an object with known fields. */
export type Shape =
  | 'string'
  | 'bool'
  | 'int64'
  | 'strslice'
  | 'object'
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly struct: string; readonly fields: Readonly<Record<string, Shape>> }

const texts: Shape = { list: 'string' }
const textMap: Shape = { map: 'string' }
const struct = (name: string, fields: Readonly<Record<string, Shape>>): Shape => ({ struct: name, fields })
const throttle: Shape = { list: struct('ThrottleDevice', { Path: 'string', Rate: 'int64' }) }

const mount: Shape = struct('Mount', {
  Type: 'string',
  Source: 'string',
  Target: 'string',
  ReadOnly: 'bool',
  Consistency: 'string',
  BindOptions: struct('BindOptions', {
    Propagation: 'string',
    NonRecursive: 'bool',
    CreateMountpoint: 'bool',
    ReadOnlyNonRecursive: 'bool',
    ReadOnlyForceRecursive: 'bool',
  }),
  VolumeOptions: struct('VolumeOptions', {
    NoCopy: 'bool',
    Labels: textMap,
    DriverConfig: struct('Driver', { Name: 'string', Options: textMap }),
    Subpath: 'string',
  }),
  TmpfsOptions: struct('TmpfsOptions', { SizeBytes: 'int64', Mode: 'int64', Options: { list: texts } }),
  ImageOptions: struct('ImageOptions', { Subpath: 'string' }),
})

const hostConfig: Shape = struct('HostConfig', {
  Annotations: textMap,
  AutoRemove: 'bool',
  Binds: texts,
  BlkioDeviceReadBps: throttle,
  BlkioDeviceReadIOps: throttle,
  BlkioDeviceWriteBps: throttle,
  BlkioDeviceWriteIOps: throttle,
  BlkioWeight: 'int64',
  BlkioWeightDevice: { list: struct('WeightDevice', { Path: 'string', Weight: 'int64' }) },
  CapAdd: 'strslice',
  CapDrop: 'strslice',
  Cgroup: 'string',
  CgroupParent: 'string',
  CgroupnsMode: 'string',
  ConsoleSize: { list: 'int64' },
  ContainerIDFile: 'string',
  CpuPeriod: 'int64',
  CpuQuota: 'int64',
  CpuRealtimePeriod: 'int64',
  CpuRealtimeRuntime: 'int64',
  CpuShares: 'int64',
  CpusetCpus: 'string',
  CpusetMems: 'string',
  DeviceCgroupRules: texts,
  DeviceRequests: {
    list: struct('DeviceRequest', {
      Driver: 'string',
      Count: 'int64',
      DeviceIDs: texts,
      Capabilities: { list: texts },
      Options: textMap,
    }),
  },
  Devices: {
    list: struct('DeviceMapping', { PathOnHost: 'string', PathInContainer: 'string', CgroupPermissions: 'string' }),
  },
  Dns: texts,
  DnsOptions: texts,
  DnsSearch: texts,
  ExtraHosts: texts,
  GroupAdd: texts,
  Init: 'bool',
  IpcMode: 'string',
  Isolation: 'string',
  Links: texts,
  LogConfig: struct('LogConfig', { Type: 'string', Config: textMap }),
  MaskedPaths: texts,
  Memory: 'int64',
  MemoryReservation: 'int64',
  MemorySwap: 'int64',
  MemorySwappiness: 'int64',
  Mounts: { list: mount },
  NanoCpus: 'int64',
  NetworkMode: 'string',
  OomKillDisable: 'bool',
  OomScoreAdj: 'int64',
  PidMode: 'string',
  PidsLimit: 'int64',
  PortBindings: { map: { list: struct('PortBinding', { HostIp: 'string', HostPort: 'string' }) } },
  Privileged: 'bool',
  PublishAllPorts: 'bool',
  ReadonlyPaths: texts,
  ReadonlyRootfs: 'bool',
  RestartPolicy: struct('RestartPolicy', { Name: 'string', MaximumRetryCount: 'int64' }),
  Runtime: 'string',
  SecurityOpt: texts,
  ShmSize: 'int64',
  StorageOpt: textMap,
  Sysctls: textMap,
  Tmpfs: textMap,
  UTSMode: 'string',
  Ulimits: { list: struct('Ulimit', { Name: 'string', Soft: 'int64', Hard: 'int64' }) },
  UsernsMode: 'string',
  VolumeDriver: 'string',
  VolumesFrom: texts,
})

const endpoint: Shape = struct('EndpointSettings', {
  IPAMConfig: struct('EndpointIPAMConfig', { IPv4Address: 'string', IPv6Address: 'string', LinkLocalIPs: texts }),
  Links: texts,
  Aliases: texts,
  MacAddress: 'string',
  DriverOpts: textMap,
  GwPriority: 'int64',
  NetworkID: 'string',
})

export const createRequest: Shape = struct('CreateRequest', {
  AttachStderr: 'bool',
  AttachStdin: 'bool',
  AttachStdout: 'bool',
  Cmd: 'strslice',
  Domainname: 'string',
  Entrypoint: 'strslice',
  Env: texts,
  ExposedPorts: { map: 'object' },
  Healthcheck: struct('HealthConfig', {
    Test: texts,
    Interval: 'int64',
    Timeout: 'int64',
    StartPeriod: 'int64',
    StartInterval: 'int64',
    Retries: 'int64',
  }),
  HostConfig: hostConfig,
  Hostname: 'string',
  Image: 'string',
  Labels: textMap,
  MacAddress: 'string',
  NetworkDisabled: 'bool',
  NetworkingConfig: struct('NetworkingConfig', { EndpointsConfig: { map: endpoint } }),
  OpenStdin: 'bool',
  Shell: 'strslice',
  StdinOnce: 'bool',
  StopSignal: 'string',
  StopTimeout: 'int64',
  Tty: 'bool',
  User: 'string',
  Volumes: { map: 'object' },
  WorkingDir: 'string',
})
