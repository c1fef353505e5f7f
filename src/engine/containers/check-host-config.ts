/** What Docker refuses, and what it only warns of, in a container's host configuration. Pure; wording as moby's. */
import { readGoBool } from '#base/data/go-bool.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ContainerConfig, HostConfig, Resources } from '#spec/docker/container-config.ts'
import { planCapabilities } from '#engine/runtime/plan-capabilities.ts'
import { isLogDriver, unknownLogOption } from './log-options.ts'

export interface HostFacts {
  readonly cpuCount: number
  /** Names that `--runtime` may give. */
  readonly runtimes: readonly string[]
  readonly swapLimit: boolean
  /** Our own oom_score_adj: nothing can be set below it without CAP_SYS_RESOURCE. */
  readonly oomScoreAdj: number
  readonly mayRaiseLimits: boolean
}

const memoryBytesMin = 6 * 1024 * 1024

function refuse(message: string, remedy?: string): never {
  throw new GantryError('ENGINE_HOST_CONFIG', 'invalid', message, remedy === undefined ? {} : { remedy })
}

/** Refuses with the first complaint that applies. */
function refuseFirst(rows: readonly (readonly [applies: boolean, complaint: string])[]): void {
  const found = rows.find(([applies]) => applies)
  if (found !== undefined) refuse(found[1])
}

function checkMemory(resources: Resources): void {
  const { Memory, MemorySwap, MemoryReservation, MemorySwappiness } = resources
  const swappiness = MemorySwappiness ?? 0
  const limited = Memory > 0
  refuseFirst([
    [Memory !== 0 && Memory < memoryBytesMin, 'Minimum memory limit allowed is 6MB'],
    [
      limited && MemorySwap > 0 && MemorySwap < Memory,
      'Minimum memoryswap limit should be larger than memory limit, see usage',
    ],
    [!limited && MemorySwap > 0, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
    [swappiness < -1 || swappiness > 100, `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`],
    [MemoryReservation > 0 && MemoryReservation < memoryBytesMin, 'Minimum memory reservation allowed is 6MB'],
    [
      limited && MemoryReservation > Memory,
      'Minimum memory limit can not be less than memory reservation limit, see usage',
    ],
  ])
}

function checkCpu(resources: Resources, cpuCount: number): void {
  const { NanoCpus, CpuPeriod, CpuQuota, CpusetCpus } = resources
  if (NanoCpus > 0 && CpuPeriod > 0) refuse('Conflicting options: Nano CPUs and CPU Period cannot both be set')
  if (NanoCpus > 0 && CpuQuota > 0) refuse('Conflicting options: Nano CPUs and CPU Quota cannot both be set')
  if (NanoCpus < 0 || NanoCpus > cpuCount * 1e9) {
    refuse(`Range of CPUs is from 0.01 to ${cpuCount}.00, as there are only ${cpuCount} CPUs available`)
  }
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000))
    refuse('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)')
  if (CpuQuota > 0 && CpuQuota < 1000) refuse('CPU cfs quota can not be less than 1ms (i.e. 1000)')
  checkCpuSet(CpusetCpus, cpuCount)
}

/** `0-2,4` as numbers; undefined when it is none. */
export function parseCpuSet(text: string): number[] | undefined {
  if (text === '') return []
  const numbers: number[] = []
  for (const part of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim())
    if (match === null) return undefined
    const from = Number(match[1])
    const to = Number(match[2] ?? match[1])
    if (to < from) return undefined
    for (let cpu = from; cpu <= to; cpu += 1) numbers.push(cpu)
  }
  return numbers
}

function checkCpuSet(text: string, cpuCount: number): void {
  const cpus = parseCpuSet(text)
  if (cpus === undefined) refuse(`Invalid value ${text} for cpuset cpus: invalid format: ${text}`)
  if (cpus.some((cpu) => cpu >= cpuCount))
    refuse(`Requested CPUs are not available - requested ${text}, available: 0-${cpuCount - 1}`)
}

/** Limits of a create or update. @throws GantryError in Docker's words. */
export function checkResources(resources: Resources, cpuCount: number): void {
  checkMemory(resources)
  checkCpu(resources, cpuCount)
  const { BlkioWeight } = resources
  if (BlkioWeight !== 0 && (BlkioWeight < 10 || BlkioWeight > 1000)) refuse('Range of blkio weight is from 10 to 1000')
}

/** A restart policy as create and update take it. @throws GantryError in Docker's words. */
export function checkRestartPolicy(policy: HostConfig['RestartPolicy'], autoRemove: boolean): void {
  const { Name, MaximumRetryCount } = policy
  if (!['', 'no', 'always', 'unless-stopped', 'on-failure'].includes(Name)) refuse(`invalid restart policy '${Name}'`)
  if (Name !== 'on-failure' && MaximumRetryCount > 0) {
    refuse(
      Name === '' || Name === 'no'
        ? "maximum retry count cannot be used with restart policy 'no'"
        : `maximum retry count cannot be used with restart policy '${Name}'`,
    )
  }
  if (MaximumRetryCount < 0) refuse('maximum retry count cannot be negative')
  if (autoRemove && Name !== '' && Name !== 'no') refuse("can't create 'AutoRemove' container with restart policy")
}

/** What the user said himself, where the image may say it too. */
interface Given {
  readonly hostnameGiven: boolean
  /** Ports are exposed. */
  readonly exposes: boolean
}

/** What cannot be asked of a container that shares another's network. */
function checkSharedNetwork(hostConfig: HostConfig, config: ContainerConfig, { hostnameGiven, exposes }: Given): void {
  const published = hostConfig.PublishAllPorts || Object.keys(hostConfig.PortBindings).length > 0
  const linked = (hostConfig.Links ?? []).length > 0
  const hosts = (hostConfig.ExtraHosts ?? []).length > 0
  refuseFirst([
    [hostnameGiven, 'conflicting options: hostname and the network mode'],
    [
      linked,
      "conflicting options: container type network can't be used with links. This would result in undefined behavior",
    ],
    [hostConfig.Dns.length > 0, 'conflicting options: dns and the network mode'],
    [hosts, 'conflicting options: custom host-to-IP mapping and the network mode'],
    [config.MacAddress !== undefined, 'conflicting options: mac-address and the network mode'],
    [published, 'conflicting options: port publishing and the container type network mode'],
    [exposes, 'conflicting options: port exposing and the container type network mode'],
    [hostConfig.NetworkMode === 'container:', 'Invalid network mode: invalid container format container:<name|id>'],
  ])
}

function checkNetworkMode(hostConfig: HostConfig, config: ContainerConfig, given: Given): void {
  const { hostnameGiven } = given
  const mode = hostConfig.NetworkMode
  if (mode.startsWith('container:')) checkSharedNetwork(hostConfig, config, given)
  refuseFirst([
    [hostConfig.UTSMode === 'host' && hostnameGiven, 'conflicting options: hostname and the UTS mode'],
    [
      mode === 'host' && (hostConfig.Links ?? []).length > 0,
      "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
    ],
    [mode === 'host' && config.MacAddress !== undefined, 'conflicting options: mac-address and the network mode'],
  ])
}

/** Empty, a port, or a range of them. */
function isHostPort(text: string): boolean {
  if (text === '') return true
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  return match !== null && Number(match[1]) <= 65_535 && Number(match[2] ?? 0) <= 65_535
}

function checkPorts(hostConfig: HostConfig): void {
  for (const [port, bindings] of Object.entries(hostConfig.PortBindings)) {
    const match = /^(\d+)(?:\/(tcp|udp|sctp))?$/i.exec(port)
    if (match === null || Number(match[1]) > 65_535 || Number(match[1]) < 1)
      refuse(`invalid port specification: "${port}"`)
    for (const { HostPort } of bindings ?? []) {
      if (!isHostPort(HostPort ?? '')) refuse(`invalid port specification: "${HostPort}"`)
    }
  }
}

function checkLogging({ LogConfig }: HostConfig): void {
  if (!isLogDriver(LogConfig.Type))
    refuse(
      `error looking up logging plugin ${LogConfig.Type}: plugin "${LogConfig.Type}" not found`,
      'Drivers here: json-file, local, none.',
    )
  const unknown = unknownLogOption(LogConfig.Type, LogConfig.Config)
  if (unknown !== undefined) refuse(unknown)
}

/** moby `parseSecurityOpt`: bare words, `key=value`, and the older `key:value`. */
function checkSecurityOptions(options: readonly string[]): void {
  for (const option of options) {
    if (option === 'no-new-privileges' || option === 'disable') continue
    const [, key, value = ''] = /^([^=]*)=(.*)$/s.exec(option) ?? /^([^:]*):(.*)$/s.exec(option) ?? []
    if (key === undefined) refuse(`invalid --security-opt 1: ${JSON.stringify(option)}`)
    const known =
      ['label', 'apparmor', 'seccomp', 'systempaths'].includes(key) ||
      (key === 'no-new-privileges' && readGoBool(value) !== undefined)
    if (!known) refuse(`invalid --security-opt 2: ${JSON.stringify(option)}`)
  }
}

/** Modes that other engines have and this one does not (yet): refused by name. */
function checkUnsupported(hostConfig: HostConfig): void {
  const rows: [boolean, string][] = [
    [
      hostConfig.UsernsMode !== '' && hostConfig.UsernsMode !== 'host',
      `invalid user namespace mode: ${hostConfig.UsernsMode}`,
    ],
    [
      !['', 'private', 'host'].includes(hostConfig.CgroupnsMode),
      `invalid cgroup namespace mode: ${hostConfig.CgroupnsMode}`,
    ],
    [
      !['', 'default', 'process'].includes(hostConfig.Isolation) && hostConfig.Isolation !== '',
      `Invalid isolation: "${hostConfig.Isolation}" - linux only supports 'default'`,
    ],
    [
      Object.keys(hostConfig.StorageOpt ?? {}).length > 0,
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
    ],
    [!['', 'host'].includes(hostConfig.UTSMode), `invalid UTS mode: ${hostConfig.UTSMode}`],
    [!/^(|host|container:.+)$/.test(hostConfig.PidMode), `invalid PID mode: ${hostConfig.PidMode}`],
    [
      !/^(|none|private|shareable|host|container:.+)$/.test(hostConfig.IpcMode),
      `Invalid IPC mode: ${hostConfig.IpcMode}`,
    ],
  ]
  const found = rows.find(([applies]) => applies)
  if (found !== undefined) refuse(found[1])
}

/**
 * Checks a complete host configuration.
 * @returns warnings for the create response.
 * @throws GantryError kind invalid, in Docker's words.
 */
export function checkHostConfig(
  hostConfig: HostConfig,
  config: ContainerConfig,
  options: Given & { readonly facts: HostFacts },
): string[] {
  const { facts } = options
  checkResources(hostConfig, facts.cpuCount)
  checkRestartPolicy(hostConfig.RestartPolicy, hostConfig.AutoRemove)
  checkNetworkMode(hostConfig, config, options)
  checkPorts(hostConfig)
  checkLogging(hostConfig)
  checkSecurityOptions(hostConfig.SecurityOpt ?? [])
  checkUnsupported(hostConfig)
  planCapabilities({ add: hostConfig.CapAdd ?? [], drop: hostConfig.CapDrop ?? [], privileged: false }, 0n)
  if (!facts.runtimes.includes(hostConfig.Runtime)) refuse(`Unknown runtime specified ${hostConfig.Runtime}`)
  if (hostConfig.ShmSize < 0) refuse('SHM size can not be less than 0')
  if (hostConfig.OomScoreAdj < -1000 || hostConfig.OomScoreAdj > 1000) {
    refuse(`Invalid value ${hostConfig.OomScoreAdj}, range for oom score adj is [-1000, 1000]`)
  }
  return planWarnings(hostConfig, facts)
}

/** What is taken with a word of warning. */
function planWarnings(hostConfig: HostConfig, facts: HostFacts): string[] {
  const warnings: string[] = []
  if (hostConfig.KernelMemory > 0)
    warnings.push('Specifying a kernel memory limit is deprecated and will be removed in a future release.')
  if (hostConfig.Memory > 0 && !facts.swapLimit)
    warnings.push(
      'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
    )
  if (hostConfig.OomKillDisable === true && hostConfig.Memory === 0)
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    )
  if (hostConfig.NetworkMode === 'host' && Object.keys(hostConfig.PortBindings).length > 0)
    warnings.push('Published ports are discarded when using host network mode')
  if (hostConfig.OomScoreAdj < facts.oomScoreAdj && hostConfig.OomScoreAdj !== 0 && !facts.mayRaiseLimits) {
    warnings.push(
      `oom-score-adj ${hostConfig.OomScoreAdj} is below what this machine allows; ${facts.oomScoreAdj} is used.`,
    )
  }
  return warnings
}
