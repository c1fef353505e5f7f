/** Turns the flags of `run` and `create` into the body of a create request. */
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import { hostConfig, planVolumes } from './host-config.ts'
import { keyValues, readEnvFile, readLabelFile } from './key-value-files.ts'
import { networkingConfig } from './networking-config.ts'
import { planPorts } from './port-flag.ts'

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
  const ports = planPorts(flags.list('publish'), flags.list('expose'))
  const volumes = planVolumes(flags.list('volume'), io.cwd)
  checkNumbers(flags)
  const env = [
    ...(await readFiles(flags.list('env-file'), (path) => readEnvFile(io, path))),
    ...flags.list('env').map((entry) => fromHost(entry, io.env)),
  ]
  const labels = [
    ...(await readFiles(flags.list('label-file'), (path) => readLabelFile(io, path))),
    ...flags.list('label'),
  ]
  return {
    Hostname: flags.text('hostname'),
    Domainname: flags.text('domainname'),
    User: flags.text('user'),
    ...attachment(flags),
    ...(Object.keys(ports.exposed).length === 0 ? {} : { ExposedPorts: ports.exposed }),
    Tty: flags.bool('tty'),
    Env: env.length === 0 ? null : env,
    Cmd: command.length === 0 ? null : command,
    Image: image,
    Volumes: volumes.anonymous,
    WorkingDir: flags.text('workdir'),
    Entrypoint: flags.has('entrypoint') ? [flags.text('entrypoint')] : null,
    OnBuild: null,
    Labels: keyValues(labels),
    ...onlyIfGiven(flags),
    HostConfig: hostConfig(flags, { binds: volumes.binds, bindings: ports.bindings, cwd: io.cwd }),
    NetworkingConfig: networkingConfig(flags),
  }
}

function attachment(
  flags: Flags,
): Pick<CreateBody, 'AttachStdin' | 'AttachStdout' | 'AttachStderr' | 'OpenStdin'> & { readonly StdinOnce: boolean } {
  const attach = flags.list('attach').map((name) => name.toLowerCase())
  const attachAll = attach.length === 0 && !flags.bool('detach')
  const interactive = flags.bool('interactive')
  const stdin = attach.includes('stdin') || (attachAll && interactive)
  return {
    AttachStdin: stdin,
    AttachStdout: attachAll || attach.includes('stdout'),
    AttachStderr: attachAll || attach.includes('stderr'),
    OpenStdin: interactive,
    StdinOnce: interactive && stdin,
  }
}

/** Fields that the request has only when the flag was given. */
function onlyIfGiven(flags: Flags): Readonly<Record<string, unknown>> {
  const health = healthcheck(flags)
  return {
    ...(health === undefined ? {} : { Healthcheck: health }),
    ...(flags.text('mac-address') === '' ? {} : { MacAddress: flags.text('mac-address') }),
    ...(flags.text('stop-signal') === '' ? {} : { StopSignal: flags.text('stop-signal') }),
    ...(flags.has('stop-timeout') ? { StopTimeout: flags.int('stop-timeout') } : {}),
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
