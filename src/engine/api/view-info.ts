/** `GET /info`: what this engine is and what it can do. */
import { formatInstant } from '#world/ports/clock.ts'
import { logDrivers } from '#engine/containers/log-options.ts'
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
}

const none = { ID: '', Expected: '' }

/** The document. */
export async function viewInfo(parts: EngineParts, facts: EngineFacts): Promise<object> {
  const { machine, clock } = parts.world
  const states = parts.book.all().map((container) => container.record.state.status)
  const count = (...wanted: string[]): number => states.filter((status) => wanted.includes(status)).length
  const running = count('running', 'restarting')
  const paused = count('paused')
  return {
    ID: facts.id,
    Containers: states.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: states.length - running - paused,
    Images: parts.images.all().length,
    Driver: 'overlay2',
    DriverStatus: [
      ['Backing Filesystem', 'extfs'],
      ['Supports d_type', 'true'],
      ['Native Overlay Diff', 'true'],
      ['userxattr', 'false'],
    ],
    Plugins: { Volume: ['local'], Network: facts.networkDrivers, Authorization: null, Log: logDrivers },
    MemoryLimit: true,
    SwapLimit: parts.facts.swapLimit,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    BridgeNfIptables: false,
    BridgeNfIp6tables: false,
    OomKillDisable: !parts.unifiedCgroups,
    Debug: false,
    NFd: 0,
    NGoroutines: 0,
    SystemTime: formatInstant(clock.now()),
    LoggingDriver: parts.defaults.logConfig.Type,
    CgroupDriver: 'cgroupfs',
    CgroupVersion: parts.unifiedCgroups ? '2' : '1',
    NEventsListener: 0,
    KernelVersion: machine.kernelRelease,
    OperatingSystem: facts.operatingSystem,
    OSVersion: '',
    OSType: machine.os,
    Architecture: machine.architecture,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      AllowNondistributableArtifactsCIDRs: null,
      AllowNondistributableArtifactsHostnames: null,
      InsecureRegistryCIDRs: ['127.0.0.0/8', '::1/128'],
      IndexConfigs: { 'docker.io': { Name: 'docker.io', Mirrors: [], Secure: true, Official: true } },
      Mirrors: [],
    },
    NCPU: machine.cpuCount,
    MemTotal: machine.memoryBytes,
    GenericResources: null,
    DockerRootDir: facts.rootDirectory,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: facts.name,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: engineVersion,
    Runtimes: Object.fromEntries(
      parts.facts.runtimes.map((name) => [name, { path: name === parts.runtime.name ? parts.runtime.path : name }]),
    ),
    DefaultRuntime: parts.defaults.runtime,
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
    ContainerdCommit: none,
    RuncCommit: { ID: parts.runtime.version, Expected: parts.runtime.version },
    InitCommit: { ID: facts.initVersion, Expected: facts.initVersion },
    SecurityOptions: ['name=seccomp,profile=builtin'],
    ProductLicense: '',
    Warnings: facts.warnings.length > 0 ? facts.warnings : null,
  }
}
