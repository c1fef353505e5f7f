/** `GET /info`: what this engine is and what it can do. */
import { formatInstant } from '#world/ports/clock.ts'
import { logDrivers } from '#engine/containers/log-options.ts'
import type { RegistrySettings } from '#clients/registry/plan-endpoints.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'

/** The Docker release whose behaviour the engine keeps to; clients compare it. */
export const engineVersion = '28.2.2'

/** Facts that do not change while the engine runs. */
export interface EngineFacts {
  /** Id of this engine, kept in its root. */
  readonly id: string
  readonly name: string
  readonly rootDirectory: string
  readonly operatingSystem: string
  readonly commit: string
  readonly builtAt: string
  readonly language: string
  readonly initVersion: string
  readonly networkDrivers: readonly string[]
  readonly warnings: readonly string[]
  readonly registries: Required<RegistrySettings>
}

/** What every engine of this kind can do and what it has none of. */
const abilities = {
  MemoryLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  BridgeNfIptables: false,
  BridgeNfIp6tables: false,
  Debug: false,
  NFd: 0,
  NGoroutines: 0,
  NEventsListener: 0,
  CgroupDriver: 'cgroupfs',
  OSVersion: '',
  IndexServerAddress: 'https://index.docker.io/v1/',
  GenericResources: null,
  HttpProxy: '',
  HttpsProxy: '',
  NoProxy: '',
  Labels: [],
  ExperimentalBuild: false,
  Swarm: {
    NodeID: '',
    NodeAddr: '',
    LocalNodeState: 'inactive',
    ControlAvailable: false,
    Error: '',
    RemoteManagers: null,
  },
  LiveRestoreEnabled: true,
  Isolation: '',
  InitBinary: 'docker-init',
  ContainerdCommit: { ID: '', Expected: '' },
  SecurityOptions: ['name=seccomp,profile=builtin'],
  ProductLicense: '',
}

function countStates(parts: EngineParts): object {
  const states = parts.book.all().map((container) => container.record.state.status)
  const running = states.filter((status) => status === 'running' || status === 'restarting').length
  const paused = states.filter((status) => status === 'paused').length
  return {
    Containers: states.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: states.length - running - paused,
    Images: parts.images.all().length,
  }
}

function viewMachine(parts: EngineParts, facts: EngineFacts): object {
  const { machine, clock } = parts.world
  return {
    SystemTime: formatInstant(clock.now()),
    KernelVersion: machine.kernelRelease,
    OperatingSystem: facts.operatingSystem,
    OSType: machine.os,
    Architecture: machine.architecture,
    NCPU: machine.cpuCount,
    MemTotal: machine.memoryBytes,
    Name: facts.name,
    CgroupVersion: parts.unifiedCgroups ? '2' : '1',
    OomKillDisable: !parts.unifiedCgroups,
    SwapLimit: parts.facts.swapLimit,
  }
}

/** Where images come from; the CLI shows mirrors with a slash at their end, as dockerd gives them. */
function viewRegistries({ insecure, mirrors }: Required<RegistrySettings>): object {
  const Mirrors = (mirrors['docker.io'] ?? []).map((mirror) => `${mirror}/`)
  const hosts = insecure.filter((entry) => !entry.includes('/'))
  return {
    AllowNondistributableArtifactsCIDRs: null,
    AllowNondistributableArtifactsHostnames: null,
    InsecureRegistryCIDRs: [...insecure.filter((entry) => entry.includes('/')), '127.0.0.0/8', '::1/128'],
    IndexConfigs: Object.fromEntries([
      ['docker.io', { Name: 'docker.io', Mirrors, Secure: true, Official: true }],
      ...hosts.map((Name) => [Name, { Name, Mirrors: [], Secure: false, Official: false }] as const),
    ]),
    Mirrors,
  }
}

/** The document. */
export function viewInfo(parts: EngineParts, facts: EngineFacts): object {
  const { runtimes, defaults } = parts
  const { version } = runtimes.own
  return {
    ID: facts.id,
    ...countStates(parts),
    Driver: 'overlay2',
    DriverStatus: [
      ['Backing Filesystem', 'extfs'],
      ['Supports d_type', 'true'],
      ['Native Overlay Diff', 'true'],
      ['userxattr', 'false'],
    ],
    Plugins: { Volume: ['local'], Network: facts.networkDrivers, Authorization: null, Log: logDrivers },
    ...abilities,
    ...viewMachine(parts, facts),
    RegistryConfig: viewRegistries(facts.registries),
    LoggingDriver: defaults.logConfig.Type,
    DockerRootDir: facts.rootDirectory,
    ServerVersion: engineVersion,
    Runtimes: Object.fromEntries(Object.entries(runtimes.paths).map(([name, path]) => [name, { path }])),
    DefaultRuntime: defaults.runtime,
    RuncCommit: { ID: version, Expected: version },
    InitCommit: { ID: facts.initVersion, Expected: facts.initVersion },
    Warnings: facts.warnings.length > 0 ? facts.warnings : null,
  }
}
