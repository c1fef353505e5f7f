/** A container's OCI configuration from Docker's settings, as one pure function over plain values. */
import type { HostConfig } from '#spec/docker/container-config.ts'
import type { CapabilityPlan } from './plan-capabilities.ts'
import { planDeviceRules, planResources } from './plan-resources.ts'
import type { DeviceNumber } from './plan-resources.ts'
import { planCustomSeccomp, planDefaultSeccomp } from './plan-seccomp.ts'
import type { SeccompPolicy } from './plan-seccomp.ts'
import type { ProcessUser } from './plan-user.ts'
import type { OciSpec, SpecDevice, SpecDeviceRule, SpecMount, SpecNamespace, SpecRlimit } from './oci-spec.ts'

/** Everything that has been found out or made before the configuration can be written. */
export interface SpecInput {
  readonly id: string
  readonly hostConfig: HostConfig
  readonly rootPath: string
  /** Host name inside; undefined when the UTS namespace is another's. */
  readonly hostname: string | undefined
  readonly domainname: string
  readonly args: readonly string[]
  readonly env: readonly string[]
  readonly workingDirectory: string
  readonly terminal: boolean
  readonly user: ProcessUser
  readonly capabilities: CapabilityPlan
  readonly rlimits: readonly SpecRlimit[]
  readonly oomScoreAdj: number | undefined
  /** Volumes, binds, tmpfs and the three files of the engine, outermost first. */
  readonly mounts: readonly SpecMount[]
  readonly devices: readonly (SpecDevice & { readonly access: string })[]
  /** Paths of namespaces to join: a pinned network, or those of another container. */
  readonly joined: Readonly<Partial<Record<'network' | 'ipc' | 'pid' | 'uts', string>>>
  /** Where /dev/shm comes from when it is shared with others; undefined: a private tmpfs. */
  readonly shmSource: string | undefined
  readonly cgroupsPath: string
  readonly architecture: string
  readonly deviceOf: (path: string) => DeviceNumber | undefined
  /** True on cgroup v2 only machines, where a private cgroup namespace is the default. */
  readonly unifiedCgroups: boolean
}

/** What `--security-opt` says, taken apart. */
export interface SecurityOptions {
  readonly noNewPrivileges: boolean
  /** `unconfined`, a profile's JSON text, or undefined for the default policy. */
  readonly seccomp: string | undefined
  readonly apparmor: string | undefined
  readonly systemPathsUnconfined: boolean
}

/** Reads `--security-opt` values (`key=value`, older `key:value`, and bare words). */
export function parseSecurityOptions(options: readonly string[] | null): SecurityOptions {
  let parsed: SecurityOptions = {
    noNewPrivileges: false,
    seccomp: undefined,
    apparmor: undefined,
    systemPathsUnconfined: false,
  }
  for (const option of options ?? []) {
    const separator = /[=:]/.exec(option)?.index ?? option.length
    const key = option.slice(0, separator)
    const value = option.slice(separator + 1)
    if (key === 'no-new-privileges')
      parsed = { ...parsed, noNewPrivileges: !/^(?:0|f|F|FALSE|false|False)$/.test(value) }
    else if (key === 'seccomp' && value !== 'builtin') parsed = { ...parsed, seccomp: value }
    else if (key === 'apparmor') parsed = { ...parsed, apparmor: value }
    else if (key === 'systempaths' && value === 'unconfined') parsed = { ...parsed, systemPathsUnconfined: true }
  }
  return parsed
}

function planSeccomp(input: SpecInput, security: SecurityOptions): SeccompPolicy | undefined {
  if (security.seccomp === 'unconfined') return undefined
  const { granted } = input.capabilities
  if (security.seccomp !== undefined) return planCustomSeccomp(security.seccomp, granted, input.architecture)
  return input.hostConfig.Privileged ? undefined : planDefaultSeccomp(granted, input.architecture)
}

function planNamespaces(input: SpecInput): SpecNamespace[] {
  const { hostConfig, joined } = input
  const shared = (mode: string): boolean => mode === 'host'
  const namespaces: SpecNamespace[] = [{ type: 'mount' }]
  const add = (type: 'network' | 'ipc' | 'pid' | 'uts', host: boolean): void => {
    const path = joined[type]
    if (path !== undefined) namespaces.push({ type, path })
    else if (!host) namespaces.push({ type })
  }
  add('network', shared(hostConfig.NetworkMode))
  add('uts', shared(hostConfig.UTSMode))
  add('pid', shared(hostConfig.PidMode))
  add('ipc', shared(hostConfig.IpcMode))
  if (hostConfig.CgroupnsMode === 'private') namespaces.push({ type: 'cgroup' })
  return namespaces
}

function systemMounts(input: SpecInput): SpecMount[] {
  const { hostConfig } = input
  const access = hostConfig.Privileged ? 'rw' : 'ro'
  const mounts: SpecMount[] = [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    hostConfig.NetworkMode === 'host' && hostConfig.UsernsMode !== '' && hostConfig.UsernsMode !== 'host'
      ? { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', access] }
      : { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', access] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [access, 'nosuid', 'noexec', 'nodev'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  ]
  const overridden = new Set(input.mounts.map((mount) => mount.destination))
  if (!overridden.has('/dev/shm') && input.hostConfig.IpcMode !== 'none') mounts.push(shmMount(input))
  return mounts.filter((mount) => !overridden.has(mount.destination))
}

function shmMount(input: SpecInput): SpecMount {
  const destination = '/dev/shm'
  if (input.shmSource !== undefined)
    return { destination, type: 'bind', source: input.shmSource, options: ['rbind', 'rw', 'rprivate'] }
  const sizeBytes = input.hostConfig.ShmSize > 0 ? input.hostConfig.ShmSize : 64 * 1024 * 1024
  return {
    destination,
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${sizeBytes}`],
  }
}

function planPaths(
  input: SpecInput,
  security: SecurityOptions,
): { masked: readonly string[]; readonly: readonly string[] } {
  const { hostConfig } = input
  if (hostConfig.Privileged || security.systemPathsUnconfined) return { masked: [], readonly: [] }
  // A path that the user mounted over is the user's business.
  const covered = (path: string): boolean => input.mounts.some((mount) => mount.destination === path)
  return {
    masked: (hostConfig.MaskedPaths ?? []).filter((path) => !covered(path)),
    readonly: (hostConfig.ReadonlyPaths ?? []).filter((path) => !covered(path)),
  }
}

function planProcess(input: SpecInput, security: SecurityOptions): OciSpec['process'] {
  const { user, capabilities, hostConfig } = input
  const bounding = capabilities.granted
  // A process that is not root starts without capabilities; only set-uid programs get them back from the bounding set.
  const held = user.uid === 0 ? bounding : []
  const [height, width] = hostConfig.ConsoleSize
  return {
    terminal: input.terminal,
    ...(input.terminal && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    user: {
      uid: user.uid,
      gid: user.gid,
      ...(user.additionalGids.length > 0 ? { additionalGids: user.additionalGids } : {}),
    },
    args: input.args,
    env: input.env,
    cwd: input.workingDirectory === '' ? '/' : input.workingDirectory,
    capabilities: { bounding, effective: held, permitted: held, inheritable: [], ambient: [] },
    ...(input.rlimits.length > 0 ? { rlimits: input.rlimits } : {}),
    noNewPrivileges: security.noNewPrivileges,
    ...(input.oomScoreAdj === undefined ? {} : { oomScoreAdj: input.oomScoreAdj }),
  }
}

/**
 * The OCI configuration of a container (Docker Engine API `HostConfig`, moby `daemon/oci_linux.go` for what it means).
 * @throws GantryError when a custom seccomp profile does not parse.
 */
export function planSpec(input: SpecInput): OciSpec {
  const { hostConfig } = input
  const security = parseSecurityOptions(hostConfig.SecurityOpt)
  const seccomp = planSeccomp(input, security)
  const paths = planPaths(input, security)
  const rules: SpecDeviceRule[] = input.devices
    .filter((device) => device.type !== 'p')
    .map(({ type, major, minor, access }) => ({ allow: true, type: type as 'c' | 'b', major, minor, access }))
  const deviceRules = planDeviceRules(hostConfig.Privileged, rules, hostConfig.DeviceCgroupRules ?? [])
  return {
    ociVersion: '1.0.2',
    process: planProcess(input, security),
    root: { path: input.rootPath, readonly: hostConfig.ReadonlyRootfs },
    ...(input.hostname === undefined ? {} : { hostname: input.hostname }),
    mounts: [...systemMounts(input), ...input.mounts],
    ...(hostConfig.Annotations === undefined ? {} : { annotations: hostConfig.Annotations }),
    linux: {
      namespaces: planNamespaces(input),
      devices: input.devices.map(({ access: _access, ...device }) => device),
      cgroupsPath: input.cgroupsPath,
      resources: planResources(hostConfig, deviceRules, input.deviceOf),
      sysctl: planSysctls(input),
      ...(seccomp === undefined ? {} : { seccomp }),
      maskedPaths: paths.masked,
      readonlyPaths: paths.readonly,
    },
  }
}

/** Docker 20.10 and later let containers ping and bind low ports without capabilities (moby#41030), in namespaces of their own. */
function planSysctls(input: SpecInput): Record<string, string> {
  const { hostConfig } = input
  const owned = hostConfig.NetworkMode !== 'host' && input.joined.network !== undefined && !hostConfig.Privileged
  const domain =
    input.domainname === '' || input.hostname === undefined ? {} : { 'kernel.domainname': input.domainname }
  const defaults = owned
    ? { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' }
    : {}
  return { ...domain, ...defaults, ...hostConfig.Sysctls }
}
