/** Turns the flags of `run` and `create` into the body of a create request. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import { parseMemory } from '#cli/output/human-units.ts'
import { absolute, parseMount } from './mount-flag.ts'
import type { NetworkRequest } from './network-flag.ts'
import { parseNetwork } from './network-flag.ts'
import { planPorts } from './port-flag.ts'
import { keyValues, readEnvFile, readLabelFile } from './key-value-files.ts'

export interface CreateBody {
  readonly [key: string]: unknown
  readonly Tty: boolean
  readonly OpenStdin: boolean
  readonly AttachStdin: boolean
  readonly AttachStdout: boolean
  readonly AttachStderr: boolean
  readonly Image: string
  readonly HostConfig: Readonly<Record<string, unknown>>
}

export interface ConfigRequest {
  readonly flags: Flags
  /** Image, then the command's words. */
  readonly args: readonly string[]
  readonly session: Session
}

/** The create request's body. Throws what the docker client refuses before asking the daemon. */
export async function containerBody({ flags, args, session }: ConfigRequest): Promise<CreateBody> {
  const { io } = session
  const [image = '', ...command] = args
  const detached = flags.bool('detach')
  const attach = flags.list('attach').map((name) => name.toLowerCase())
  const attachAll = attach.length === 0 && !detached
  const interactive = flags.bool('interactive')
  const ports = planPorts(flags.list('publish'), flags.list('expose'))
  const volumes = planVolumes(flags.list('volume'), io.cwd)
  checkNumbers(flags)
  const attachStdin = attach.includes('stdin') || (attachAll && interactive)
  const env = [
    ...(await readFiles(flags.list('env-file'), (path) => readEnvFile(io, path))),
    ...flags.list('env').map((entry) => fromHost(entry, io.env)),
  ]
  const labels = [
    ...(await readFiles(flags.list('label-file'), (path) => readLabelFile(io, path))),
    ...flags.list('label'),
  ]
  const health = healthcheck(flags)
  return {
    Hostname: flags.text('hostname'),
    Domainname: flags.text('domainname'),
    User: flags.text('user'),
    AttachStdin: attachStdin,
    AttachStdout: attachAll || attach.includes('stdout'),
    AttachStderr: attachAll || attach.includes('stderr'),
    ...(Object.keys(ports.exposed).length === 0 ? {} : { ExposedPorts: ports.exposed }),
    Tty: flags.bool('tty'),
    OpenStdin: interactive,
    StdinOnce: interactive && attachStdin,
    Env: env.length === 0 ? null : env,
    Cmd: command.length === 0 ? null : command,
    ...(health === undefined ? {} : { Healthcheck: health }),
    Image: image,
    Volumes: volumes.anonymous,
    WorkingDir: flags.text('workdir'),
    Entrypoint: flags.has('entrypoint') ? [flags.text('entrypoint')] : null,
    ...(flags.text('mac-address') === '' ? {} : { MacAddress: flags.text('mac-address') }),
    OnBuild: null,
    Labels: keyValues(labels),
    ...(flags.text('stop-signal') === '' ? {} : { StopSignal: flags.text('stop-signal') }),
    ...(flags.has('stop-timeout') ? { StopTimeout: flags.int('stop-timeout') } : {}),
    HostConfig: hostConfig(flags, { binds: volumes.binds, bindings: ports.bindings, cwd: io.cwd }),
    NetworkingConfig: networkingConfig(flags),
  }
}

async function readFiles(
  paths: readonly string[],
  read: (path: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const all: string[] = []
  for (const path of paths) all.push(...(await read(path)))
  return all
}

/** `NAME` alone takes the caller's value, and stays bare when there is none. */
function fromHost(entry: string, env: Readonly<Record<string, string | undefined>>): string {
  if (entry.includes('=')) return entry
  const value = env[entry]
  return value === undefined ? entry : `${entry}=${value}`
}

function checkNumbers(flags: Flags): void {
  const swappiness = flags.int('memory-swappiness') ?? -1
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100))
    throw failure(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`)
  const mac = flags.text('mac-address')
  if (mac !== '' && !/^([\da-fA-F]{2}[:-]){5}[\da-fA-F]{2}$/.test(mac))
    throw failure(`${mac} is not a valid mac address`)
  const pull = flags.text('pull')
  if (!['always', 'missing', 'never'].includes(pull))
    throw failure(`invalid pull option: '${pull}': must be one of "always", "missing" or "never"`)
  if (flags.bool('rm') && !['', 'no'].includes(flags.text('restart')))
    throw failure('conflicting options: cannot specify both --restart and --rm')
  for (const mode of ['pid', 'uts', 'userns', 'cgroupns'] as const) checkNamespace(mode, flags.text(mode))
}

const namespaceModes: Readonly<Record<string, { readonly pattern: RegExp; readonly name: string }>> = {
  pid: { pattern: /^(|host|container:.*)$/, name: 'PID' },
  uts: { pattern: /^(|host)$/, name: 'UTS' },
  userns: { pattern: /^(|host)$/, name: 'USER' },
  cgroupns: { pattern: /^(|host|private)$/, name: 'CGROUP' },
}

function checkNamespace(flag: string, mode: string): void {
  const rule = namespaceModes[flag]
  if (rule !== undefined && !rule.pattern.test(mode)) throw failure(`--${flag}: invalid ${rule.name} mode`)
}

function planVolumes(
  specs: readonly string[],
  cwd: string,
): { readonly binds: readonly string[] | null; readonly anonymous: Readonly<Record<string, object>> } {
  const binds: string[] = []
  const anonymous: Record<string, object> = {}
  for (const spec of specs) {
    if (spec === '') throw failure('invalid empty volume spec')
    const parts = spec.split(':')
    if (spec.length <= 2 || parts.length === 1) {
      anonymous[spec] = {}
      continue
    }
    if (parts.includes('')) throw failure(`invalid spec: ${spec}: empty section between colons`)
    if (parts.length > 3) throw failure(`invalid spec: ${spec}: too many colons`)
    const [source = '', ...rest] = parts
    binds.push([/^\.\.?(\/|$)/.test(source) ? absolute(cwd, source) : source, ...rest].join(':'))
  }
  return { binds: binds.length === 0 ? null : binds, anonymous }
}

function healthcheck(flags: Flags): Readonly<Record<string, unknown>> | undefined {
  const given = [
    'health-cmd',
    'health-interval',
    'health-timeout',
    'health-start-period',
    'health-start-interval',
    'health-retries',
  ].some((name) => flags.has(name))
  if (flags.bool('no-healthcheck')) {
    if (given) throw failure('--no-healthcheck conflicts with --health-* options')
    return { Test: ['NONE'] }
  }
  if (!given) return undefined
  const command = flags.text('health-cmd')
  const spans: readonly (readonly [string, string])[] = [
    ['Interval', 'health-interval'],
    ['Timeout', 'health-timeout'],
    ['StartPeriod', 'health-start-period'],
    ['StartInterval', 'health-start-interval'],
  ]
  const health: Record<string, unknown> = command === '' ? {} : { Test: ['CMD-SHELL', command] }
  for (const [field, flag] of spans) {
    const span = flags.durationNs(flag) ?? 0
    if (span < 0) throw failure(`--${flag} cannot be negative`)
    if (span > 0) health[field] = span
  }
  const retries = flags.int('health-retries') ?? 0
  if (retries < 0) throw failure('--health-retries cannot be negative')
  if (retries > 0) health['Retries'] = retries
  return health
}

const nullable = (values: readonly string[]): readonly string[] | null => (values.length === 0 ? null : values)

function hostConfig(
  flags: Flags,
  parts: { readonly binds: readonly string[] | null; readonly bindings: unknown; readonly cwd: string },
): Readonly<Record<string, unknown>> {
  const mounts = flags.list('mount').map((text) => parseMount(text, parts.cwd))
  const tmpfs = flags
    .list('tmpfs')
    .map((text): [string, string] => [text.split(':')[0] ?? '', text.split(':').slice(1).join(':')])
  const storage = flags.list('storage-opt')
  for (const entry of storage) if (!entry.includes('=')) throw failure('invalid storage option')
  return {
    Binds: parts.binds,
    ContainerIDFile: flags.text('cidfile'),
    LogConfig: logConfig(flags),
    NetworkMode: networks(flags)[0]?.name ?? 'default',
    PortBindings: parts.bindings,
    RestartPolicy: restartPolicy(flags.text('restart')),
    AutoRemove: flags.bool('rm'),
    VolumeDriver: flags.text('volume-driver'),
    VolumesFrom: nullable(flags.list('volumes-from')),
    ConsoleSize: [0, 0],
    CapAdd: nullable(flags.list('cap-add').map(capability)),
    CapDrop: nullable(flags.list('cap-drop').map(capability)),
    CgroupnsMode: flags.text('cgroupns'),
    Dns: flags.list('dns'),
    DnsOptions: [...flags.list('dns-option'), ...flags.list('dns-opt')],
    DnsSearch: flags.list('dns-search'),
    ExtraHosts: nullable(
      flags
        .list('add-host')
        .map((entry) =>
          entry.replace(
            /^([^:=]*)[:=](.*)$/,
            (_, name: string, address: string) => `${name}:${address.replace(/^\[(.*)\]$/, '$1')}`,
          ),
        ),
    ),
    GroupAdd: nullable(flags.list('group-add')),
    IpcMode: flags.text('ipc'),
    Cgroup: '',
    Links: nullable(flags.list('link')),
    OomScoreAdj: flags.int('oom-score-adj') ?? 0,
    PidMode: flags.text('pid'),
    Privileged: flags.bool('privileged'),
    PublishAllPorts: flags.bool('publish-all'),
    ReadonlyRootfs: flags.bool('read-only'),
    SecurityOpt: nullable(flags.list('security-opt').filter((option) => option !== 'systempaths=unconfined')),
    ...(storage.length === 0 ? {} : { StorageOpt: keyValues(storage) }),
    ...(tmpfs.length === 0 ? {} : { Tmpfs: Object.fromEntries(tmpfs) }),
    UTSMode: flags.text('uts'),
    UsernsMode: flags.text('userns'),
    ShmSize: flags.bytes('shm-size') ?? 0,
    ...(flags.list('sysctl').length === 0 ? {} : { Sysctls: keyValues(flags.list('sysctl')) }),
    ...(flags.text('runtime') === '' ? {} : { Runtime: flags.text('runtime') }),
    Isolation: flags.text('isolation'),
    ...resources(flags),
    ...(mounts.length === 0 ? {} : { Mounts: mounts }),
    ...(flags.list('security-opt').includes('systempaths=unconfined')
      ? { MaskedPaths: [], ReadonlyPaths: [] }
      : { MaskedPaths: null, ReadonlyPaths: null }),
    ...(flags.has('init') ? { Init: flags.bool('init') } : {}),
    ...(flags.list('annotation').length === 0 ? {} : { Annotations: keyValues(flags.list('annotation')) }),
  }
}

/** `NET_ADMIN` as `CAP_NET_ADMIN`; ALL and RESET stay. */
function capability(name: string): string {
  const upper = name.trim().toUpperCase()
  return upper === 'ALL' || upper === 'RESET' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`
}

function logConfig(flags: Flags): { readonly Type: string; readonly Config: Readonly<Record<string, string>> } {
  const options = keyValues(flags.list('log-opt'))
  const driver = flags.text('log-driver')
  if (driver === 'none' && Object.keys(options).length > 0) throw failure('invalid logging opts for driver none')
  return { Type: driver, Config: options }
}

/** `on-failure:3` as name and count. */
export function restartPolicy(text: string): { readonly Name: string; readonly MaximumRetryCount: number } {
  if (text === '') return { Name: '', MaximumRetryCount: 0 }
  const [name = '', count, ...rest] = text.split(':')
  if (name === '') throw failure('invalid restart policy format: no policy provided before colon')
  if (rest.length > 0) throw failure('invalid restart policy format: maximum retry count must be an integer')
  if (count !== undefined && !/^[+-]?\d+$/.test(count))
    throw failure('invalid restart policy format: maximum retry count must be an integer')
  return { Name: name, MaximumRetryCount: Number(count ?? 0) }
}

function resources(flags: Flags): Readonly<Record<string, unknown>> {
  return {
    CpuShares: flags.int('cpu-shares') ?? 0,
    Memory: flags.bytes('memory') ?? 0,
    NanoCpus: Math.round(Number(flags.text('cpus') || '0') * 1e9),
    CgroupParent: flags.text('cgroup-parent'),
    BlkioWeight: flags.int('blkio-weight') ?? 0,
    BlkioWeightDevice: flags
      .list('blkio-weight-device')
      .map((text) => ({ Path: text.split(':')[0], Weight: Number(text.split(':')[1]) })),
    BlkioDeviceReadBps: deviceRates(flags.list('device-read-bps')),
    BlkioDeviceWriteBps: deviceRates(flags.list('device-write-bps')),
    BlkioDeviceReadIOps: deviceRates(flags.list('device-read-iops')),
    BlkioDeviceWriteIOps: deviceRates(flags.list('device-write-iops')),
    CpuPeriod: flags.int('cpu-period') ?? 0,
    CpuQuota: flags.int('cpu-quota') ?? 0,
    CpuRealtimePeriod: flags.int('cpu-rt-period') ?? 0,
    CpuRealtimeRuntime: flags.int('cpu-rt-runtime') ?? 0,
    CpusetCpus: flags.text('cpuset-cpus'),
    CpusetMems: flags.text('cpuset-mems'),
    Devices: flags.list('device').filter(isDevicePath).map(device),
    DeviceCgroupRules: nullable(flags.list('device-cgroup-rule')),
    DeviceRequests: deviceRequests(flags),
    MemoryReservation: flags.bytes('memory-reservation') ?? 0,
    MemorySwap: flags.bytes('memory-swap') ?? 0,
    MemorySwappiness: flags.int('memory-swappiness') ?? -1,
    OomKillDisable: flags.bool('oom-kill-disable'),
    PidsLimit: flags.int('pids-limit') ?? 0,
    Ulimits: flags.list('ulimit').map(ulimit),
    CpuCount: flags.int('cpu-count') ?? 0,
    CpuPercent: flags.int('cpu-percent') ?? 0,
    IOMaximumIOps: flags.int('io-maxiops') ?? 0,
    IOMaximumBandwidth: flags.bytes('io-maxbandwidth') ?? 0,
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

function networks(flags: Flags): readonly NetworkRequest[] {
  return [...flags.list('network'), ...flags.list('net')].map((text) => parseNetwork(text))
}

function networkingConfig(flags: Flags): { readonly EndpointsConfig: Readonly<Record<string, unknown>> } {
  const requests = networks(flags)
  const endpoints: Record<string, unknown> = {}
  const aliases = [...flags.list('network-alias'), ...flags.list('net-alias')]
  for (const [at, request] of requests.entries()) {
    const endpoint = at === 0 ? withGlobals(request, flags, aliases) : request
    if (request.name in endpoints) throw failure(`network "${request.name}" is specified multiple times`)
    if (requests.length > 1 || hasSettings(endpoint)) endpoints[request.name] = endpointSettings(endpoint)
  }
  if (requests.length === 0) {
    const endpoint = withGlobals(parseNetwork('default'), flags, aliases)
    if (hasSettings(endpoint)) endpoints['default'] = endpointSettings(endpoint)
  }
  return { EndpointsConfig: endpoints }
}

function withGlobals(request: NetworkRequest, flags: Flags, aliases: readonly string[]): NetworkRequest {
  if (request.aliases.length > 0 && aliases.length > 0)
    throw failure('conflicting options: cannot specify both --network-alias and per-network alias')
  if (request.ipv4 !== '' && flags.has('ip'))
    throw failure('conflicting options: cannot specify both --ip and per-network IPv4 address')
  if (request.ipv6 !== '' && flags.has('ip6'))
    throw failure('conflicting options: cannot specify both --ip6 and per-network IPv6 address')
  return {
    ...request,
    aliases: [...request.aliases, ...aliases],
    ipv4: request.ipv4 === '' ? flags.text('ip') : request.ipv4,
    ipv6: request.ipv6 === '' ? flags.text('ip6') : request.ipv6,
    linkLocal: [...request.linkLocal, ...flags.list('link-local-ip')],
  }
}

function hasSettings(request: NetworkRequest): boolean {
  return (
    request.aliases.length + request.linkLocal.length + Object.keys(request.driverOpts).length > 0 ||
    request.ipv4 !== '' ||
    request.ipv6 !== '' ||
    request.macAddress !== '' ||
    request.gatewayPriority !== 0
  )
}

/** The Engine API's EndpointSettings. */
export function endpointSettings(request: NetworkRequest): Readonly<Record<string, unknown>> {
  const ipam = {
    ...(request.ipv4 === '' ? {} : { IPv4Address: request.ipv4 }),
    ...(request.ipv6 === '' ? {} : { IPv6Address: request.ipv6 }),
    ...(request.linkLocal.length === 0 ? {} : { LinkLocalIPs: request.linkLocal }),
  }
  return {
    IPAMConfig: Object.keys(ipam).length === 0 ? null : ipam,
    Links: null,
    Aliases: request.aliases.length === 0 ? null : request.aliases,
    ...(request.macAddress === '' ? {} : { MacAddress: request.macAddress }),
    DriverOpts: Object.keys(request.driverOpts).length === 0 ? null : request.driverOpts,
    ...(request.gatewayPriority === 0 ? {} : { GwPriority: request.gatewayPriority }),
  }
}

/** Replaces `seccomp=FILE` by the file's content: the daemon cannot read our files. */
export async function readSecurityOptions(
  session: Session,
  options: readonly string[] | null,
): Promise<readonly string[] | null> {
  if (options === null) return null
  const out: string[] = []
  for (const option of options) {
    const [key = '', ...rest] = option.split(/[=:]/)
    const value = rest.join('=')
    if (key === 'seccomp' && !['', 'unconfined', 'builtin'].includes(value))
      out.push(`seccomp=${await readProfile(session, value)}`)
    else out.push(option)
  }
  return out
}

async function readProfile(session: Session, path: string): Promise<string> {
  let text: string
  try {
    text = await session.io.files.readText(absolute(session.io.cwd, path), { maxBytes: 16 * 1024 * 1024 })
  } catch (cause) {
    throw failure(`opening seccomp profile (${path}) failed: ${messageOf(cause)}`, cause)
  }
  try {
    return JSON.stringify(JSON.parse(text))
  } catch (cause) {
    throw failure(`compacting json for seccomp profile (${path}) failed: ${messageOf(cause)}`, cause)
  }
}
