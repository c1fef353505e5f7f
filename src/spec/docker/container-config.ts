/** Bodies of the container half of the Docker Engine API (v1.56 names; older names that clients still send included). */

export interface HealthConfig {
  readonly Test?: readonly string[]
  /** Nanoseconds, as all durations of this API. */
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly StartInterval?: number
  readonly Retries?: number
}

/** What the container runs; part of an image's configuration too. */
export interface ContainerConfig {
  readonly Hostname: string
  readonly Domainname: string
  readonly User: string
  readonly AttachStdin: boolean
  readonly AttachStdout: boolean
  readonly AttachStderr: boolean
  readonly ExposedPorts?: Readonly<Record<string, object>>
  readonly Tty: boolean
  readonly OpenStdin: boolean
  readonly StdinOnce: boolean
  readonly Env: readonly string[]
  readonly Cmd: readonly string[] | null
  readonly Healthcheck?: HealthConfig
  readonly ArgsEscaped?: boolean
  readonly Image: string
  readonly Volumes: Readonly<Record<string, object>> | null
  readonly WorkingDir: string
  readonly Entrypoint: readonly string[] | null
  readonly NetworkDisabled?: boolean
  readonly MacAddress?: string
  readonly OnBuild: readonly string[] | null
  readonly Labels: Readonly<Record<string, string>>
  readonly StopSignal?: string
  /** Seconds; absent: the default of 10. */
  readonly StopTimeout?: number
  readonly Shell?: readonly string[]
}

export interface PortBinding {
  readonly HostIp: string
  readonly HostPort: string
}

export interface RestartPolicy {
  readonly Name: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure'
  readonly MaximumRetryCount: number
}

export interface DeviceMapping {
  readonly PathOnHost: string
  readonly PathInContainer: string
  readonly CgroupPermissions: string
}

export interface Ulimit {
  readonly Name: string
  readonly Soft: number
  readonly Hard: number
}

export interface ThrottleDevice {
  readonly Path: string
  readonly Rate: number
}

export interface MountRequest {
  readonly Type: 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster'
  readonly Source?: string
  readonly Target: string
  readonly ReadOnly?: boolean
  readonly Consistency?: string
  readonly BindOptions?: {
    readonly Propagation?: string
    readonly NonRecursive?: boolean
    readonly CreateMountpoint?: boolean
    readonly ReadOnlyNonRecursive?: boolean
    readonly ReadOnlyForceRecursive?: boolean
  }
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean
    readonly Labels?: Readonly<Record<string, string>>
    readonly DriverConfig?: { readonly Name?: string; readonly Options?: Readonly<Record<string, string>> }
    readonly Subpath?: string
  }
  readonly TmpfsOptions?: {
    readonly SizeBytes?: number
    readonly Mode?: number
    readonly Options?: readonly (readonly string[])[]
  }
  readonly ImageOptions?: { readonly Subpath?: string }
}

/** The parts of HostConfig that can be changed on a living container. */
export interface Resources {
  readonly CpuShares: number
  readonly Memory: number
  readonly NanoCpus: number
  readonly CgroupParent: string
  readonly BlkioWeight: number
  readonly BlkioWeightDevice: readonly { readonly Path: string; readonly Weight: number }[]
  readonly BlkioDeviceReadBps: readonly ThrottleDevice[]
  readonly BlkioDeviceWriteBps: readonly ThrottleDevice[]
  readonly BlkioDeviceReadIOps: readonly ThrottleDevice[]
  readonly BlkioDeviceWriteIOps: readonly ThrottleDevice[]
  readonly CpuPeriod: number
  readonly CpuQuota: number
  readonly CpuRealtimePeriod: number
  readonly CpuRealtimeRuntime: number
  readonly CpusetCpus: string
  readonly CpusetMems: string
  readonly Devices: readonly DeviceMapping[]
  readonly DeviceCgroupRules: readonly string[] | null
  readonly DeviceRequests:
    | readonly { readonly Driver?: string; readonly Capabilities?: readonly (readonly string[])[] | null }[]
    | null
  readonly KernelMemory: number
  readonly KernelMemoryTCP: number
  readonly MemoryReservation: number
  readonly MemorySwap: number
  readonly MemorySwappiness: number | null
  readonly OomKillDisable: boolean | null
  readonly PidsLimit: number | null
  readonly Ulimits: readonly Ulimit[]
  readonly CpuCount: number
  readonly CpuPercent: number
  readonly IOMaximumIOps: number
  readonly IOMaximumBandwidth: number
}

/** How the container is tied to this machine. */
export interface HostConfig extends Resources {
  readonly Binds: readonly string[] | null
  readonly ContainerIDFile: string
  readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> }
  readonly NetworkMode: string
  readonly PortBindings: Readonly<Record<string, readonly PortBinding[]>>
  readonly RestartPolicy: RestartPolicy
  readonly AutoRemove: boolean
  readonly VolumeDriver: string
  readonly VolumesFrom: readonly string[] | null
  readonly ConsoleSize: readonly [number, number]
  readonly Annotations?: Readonly<Record<string, string>>
  readonly CapAdd: readonly string[] | null
  readonly CapDrop: readonly string[] | null
  readonly CgroupnsMode: string
  readonly Dns: readonly string[]
  readonly DnsOptions: readonly string[]
  readonly DnsSearch: readonly string[]
  readonly ExtraHosts: readonly string[] | null
  readonly GroupAdd: readonly string[] | null
  readonly IpcMode: string
  readonly Cgroup: string
  readonly Links: readonly string[] | null
  readonly OomScoreAdj: number
  readonly PidMode: string
  readonly Privileged: boolean
  readonly PublishAllPorts: boolean
  readonly ReadonlyRootfs: boolean
  readonly SecurityOpt: readonly string[] | null
  readonly StorageOpt?: Readonly<Record<string, string>>
  readonly Tmpfs?: Readonly<Record<string, string>>
  readonly UTSMode: string
  readonly UsernsMode: string
  readonly ShmSize: number
  readonly Sysctls?: Readonly<Record<string, string>>
  readonly Runtime: string
  readonly Isolation: string
  readonly Mounts?: readonly MountRequest[]
  /** Tri-state: absent follows the daemon's default. */
  readonly Init?: boolean
  readonly MaskedPaths: readonly string[] | null
  readonly ReadonlyPaths: readonly string[] | null
}

export interface EndpointIpamConfig {
  readonly IPv4Address?: string
  readonly IPv6Address?: string
  readonly LinkLocalIPs?: readonly string[]
}

/** One network of a container: what was asked for and what it got. */
export interface EndpointSettings {
  readonly IPAMConfig: EndpointIpamConfig | null
  readonly Links: readonly string[] | null
  readonly Aliases: readonly string[] | null
  readonly MacAddress: string
  readonly DriverOpts: Readonly<Record<string, string>> | null
  readonly GwPriority?: number
  readonly NetworkID: string
  readonly EndpointID: string
  readonly Gateway: string
  readonly IPAddress: string
  readonly IPPrefixLen: number
  readonly IPv6Gateway: string
  readonly GlobalIPv6Address: string
  readonly GlobalIPv6PrefixLen: number
  readonly DNSNames?: readonly string[] | null
}

/** POST /containers/create. Every field may be missing: clients send what they know. */
export interface ContainerCreateBody extends Partial<ContainerConfig> {
  readonly HostConfig?: Partial<HostConfig>
  readonly NetworkingConfig?: {
    readonly EndpointsConfig?: Readonly<Record<string, Partial<EndpointSettings> | null>> | null
  }
}

/** A mount as inspect shows it. */
export interface MountPoint {
  readonly Type: 'bind' | 'volume' | 'tmpfs' | 'image'
  readonly Name?: string
  readonly Source: string
  readonly Destination: string
  readonly Driver?: string
  readonly Mode: string
  readonly RW: boolean
  readonly Propagation: string
}
