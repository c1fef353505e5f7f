/**
 * Daemon answers seen as the Go structs that the docker client decodes them into: fields that JSON leaves out have
 * zero values, structs print as `{a b}`. A template that asks for anything else runs on the plain JSON instead.
 */
import { GoRecord, goNil, nilMap, nilSlice } from '#cli/output/go-values.ts'

/**
 * A struct as text: `Name:kind` in the order of Go's fields, `Name=json:kind` where the names differ. Kinds: s string,
 * i integer, b boolean, [] list, {} map, * pointer or interface; @X another struct, with [] {} {}[] or * before it.
 */
export interface StructTable {
  readonly [name: string]: string
}

const zeros: Readonly<Record<string, unknown>> = { s: '', i: 0, b: false, '[]': nilSlice, '{}': nilMap, '*': goNil }

/** `json` as the struct `name` of a table. Anything that is no object stays as it is. */
export function toRecord(table: StructTable, name: string, json: unknown): unknown {
  const layout = table[name]
  if (layout === undefined || typeof json !== 'object' || json === null) return json
  const source = json as Readonly<Record<string, unknown>>
  const fields = new Map<string, unknown>()
  for (const part of layout.split(/\s+/).filter((text) => text !== '')) {
    const colon = part.indexOf(':')
    const [go = '', jsonName = go] = part.slice(0, colon).split('=')
    fields.set(go, fieldValue(table, part.slice(colon + 1), source[jsonName]))
  }
  return new GoRecord(name, fields, json)
}

function fieldValue(table: StructTable, kind: string, value: unknown): unknown {
  const at = kind.indexOf('@')
  if (at < 0) return value === undefined || value === null ? zeros[kind] : value
  const wrapper = kind.slice(0, at)
  const name = kind.slice(at + 1)
  const missing = value === undefined || value === null
  switch (wrapper) {
    case '*':
      return missing ? goNil : toRecord(table, name, value)
    case '[]':
      return missing ? nilSlice : (value as readonly unknown[]).map((item) => toRecord(table, name, item))
    case '{}':
      return missing
        ? nilMap
        : mapValues(value as object, (item) => (item === null ? goNil : toRecord(table, name, item)))
    case '{}[]':
      return missing
        ? nilMap
        : mapValues(value as object, (list) =>
            Array.isArray(list) ? list.map((item) => toRecord(table, name, item)) : [],
          )
    default:
      return toRecord(table, name, value ?? {})
  }
}

function mapValues(value: object, change: (item: unknown) => unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).map(([key, item]): [string, unknown] => [key, change(item)]))
}

export const inspectStructs: StructTable = {
  container: `ID=Id:s Created:s Path:s Args:[] State:*@state Image:s ResolvConfPath:s HostnamePath:s HostsPath:s LogPath:s Name:s RestartCount:i Driver:s Platform:s
    MountLabel:s ProcessLabel:s AppArmorProfile:s ExecIDs:[] HostConfig:*@hostConfig GraphDriver:@graphDriver SizeRw:* SizeRootFs:* Mounts:[]@mountPoint Config:*@config NetworkSettings:*@networkSettings`,
  state:
    'Status:s Running:b Paused:b Restarting:b OOMKilled:b Dead:b Pid:i ExitCode:i Error:s StartedAt:s FinishedAt:s Health:*@health',
  health: 'Status:s FailingStreak:i Log:[]@healthResult',
  healthResult: 'Start:s End:s ExitCode:i Output:s',
  graphDriver: 'Data:{} Name:s',
  mountPoint: 'Type:s Name:s Source:s Destination:s Driver:s Mode:s RW:b Propagation:s',
  portBinding: 'HostIP=HostIp:s HostPort:s',
  restartPolicy: 'Name:s MaximumRetryCount:i',
  logConfig: 'Type:s Config:{}',
  ulimit: 'Name:s Hard:i Soft:i',
  device: 'PathOnHost:s PathInContainer:s CgroupPermissions:s',
  mount:
    'Type:s Source:s Target:s ReadOnly:b Consistency:s BindOptions:* VolumeOptions:* ImageOptions:* TmpfsOptions:* ClusterOptions:*',
  healthcheck: 'Test:[] Interval:i Timeout:i StartPeriod:i StartInterval:i Retries:i',
  config: `Hostname:s Domainname:s User:s AttachStdin:b AttachStdout:b AttachStderr:b ExposedPorts:{} Tty:b OpenStdin:b StdinOnce:b Env:[] Cmd:[] Healthcheck:*@healthcheck ArgsEscaped:b
    Image:s Volumes:{} WorkingDir:s Entrypoint:[] NetworkDisabled:b MacAddress:s OnBuild:[] Labels:{} StopSignal:s StopTimeout:* Shell:[]`,
  hostConfig: `Binds:[] ContainerIDFile:s LogConfig:@logConfig NetworkMode:s PortBindings:{}[]@portBinding RestartPolicy:@restartPolicy AutoRemove:b VolumeDriver:s VolumesFrom:[] ConsoleSize:[] Annotations:{}
    CapAdd:[] CapDrop:[] CgroupnsMode:s DNS=Dns:[] DNSOptions=DnsOptions:[] DNSSearch=DnsSearch:[] ExtraHosts:[] GroupAdd:[] IpcMode:s Cgroup:s Links:[] OomScoreAdj:i PidMode:s Privileged:b PublishAllPorts:b
    ReadonlyRootfs:b SecurityOpt:[] StorageOpt:{} Tmpfs:{} UTSMode:s UsernsMode:s ShmSize:i Sysctls:{} Runtime:s Isolation:s CPUShares=CpuShares:i CpuShares:i Memory:i NanoCPUs=NanoCpus:i NanoCpus:i CgroupParent:s BlkioWeight:i
    BlkioWeightDevice:[] BlkioDeviceReadBps:[] BlkioDeviceWriteBps:[] BlkioDeviceReadIOps:[] BlkioDeviceWriteIOps:[] CPUPeriod=CpuPeriod:i CPUQuota=CpuQuota:i CPURealtimePeriod=CpuRealtimePeriod:i
    CPURealtimeRuntime=CpuRealtimeRuntime:i CpusetCpus:s CpusetMems:s Devices:[]@device DeviceCgroupRules:[] DeviceRequests:[] KernelMemory:i KernelMemoryTCP:i MemoryReservation:i MemorySwap:i MemorySwappiness:*
    OomKillDisable:* PidsLimit:* Ulimits:[]@ulimit CPUCount=CpuCount:i CPUPercent=CpuPercent:i IOMaximumIOps:i IOMaximumBandwidth:i Mounts:[]@mount MaskedPaths:[] ReadonlyPaths:[] Init:*`,
  networkSettings: `Bridge:s SandboxID:s SandboxKey:s Ports:{}[]@portBinding HairpinMode:b LinkLocalIPv6Address:s LinkLocalIPv6PrefixLen:i SecondaryIPAddresses:[] SecondaryIPv6Addresses:[] EndpointID:s Gateway:s
    GlobalIPv6Address:s GlobalIPv6PrefixLen:i IPAddress:s IPPrefixLen:i IPv6Gateway:s MacAddress:s Networks:{}@endpoint`,
  endpoint: `IPAMConfig:*@endpointIpam Links:[] Aliases:[] MacAddress:s DriverOpts:{} GwPriority:i NetworkID:s EndpointID:s Gateway:s IPAddress:s IPPrefixLen:i IPv6Gateway:s GlobalIPv6Address:s GlobalIPv6PrefixLen:i DNSNames:[]`,
  endpointIpam: 'IPv4Address:s IPv6Address:s LinkLocalIPs:[]',
  image: `ID=Id:s RepoTags:[] RepoDigests:[] Parent:s Comment:s Created:s DockerVersion:s Author:s Config:*@imageConfig Architecture:s Variant:s Os:s OsVersion:s Size:i VirtualSize:i GraphDriver:@graphDriver RootFS:@rootFs Metadata:@imageMetadata Container:s`,
  imageConfig: `User:s ExposedPorts:{} Env:[] Entrypoint:[] Cmd:[] Volumes:{} WorkingDir:s Labels:{} StopSignal:s ArgsEscaped:b Healthcheck:*@healthcheck OnBuild:[] Shell:[]`,
  rootFs: 'Type:s Layers:[]',
  imageMetadata: 'LastTagTime:s',
  network:
    'Name:s ID=Id:s Created:s Scope:s Driver:s EnableIPv4:b EnableIPv6:b IPAM:@ipam Internal:b Attachable:b Ingress:b ConfigFrom:@configFrom ConfigOnly:b Containers:{}@networkContainer Options:{} Labels:{}',
  ipam: 'Driver:s Options:{} Config:[]@ipamConfig',
  ipamConfig: 'Subnet:s IPRange:s Gateway:s AuxAddress=AuxiliaryAddresses:{}',
  configFrom: 'Network:s',
  networkContainer: 'Name:s EndpointID:s MacAddress:s IPv4Address:s IPv6Address:s',
  volume: 'ClusterVolume:* CreatedAt:s Driver:s Labels:{} Mountpoint:s Name:s Options:{} Scope:s Status:{} UsageData:*',
}
