/** What an engine's flags set for the containers, networks and registries it serves, checked; pure. */
import type { RegistrySettings } from '#clients/registry/plan-endpoints.ts'
import { badLogValue, isLogDriver, unknownLogOption } from '#engine/containers/log-options.ts'
import { parseAddress, parsePrefix } from '#engine/networks/address.ts'
import type { DefaultPool } from '#engine/networks/address-pools.ts'
import type { DnsWishes } from '#engine/networks/container-files.ts'
import { lastValue } from '#roles/commands/command-flags.ts'
import type { CommandFlags } from '#roles/commands/command-flags.ts'
import { usageError } from '#roles/usage-error.ts'

export interface EngineSettings {
  readonly registries: Required<RegistrySettings>
  /** Left out: what Docker takes. */
  readonly networks: {
    readonly pools?: readonly DefaultPool[]
    readonly bip?: string
    readonly interContainer?: boolean
    readonly mtu?: number
  }
  /** For containers that say nothing of their own. */
  readonly dns: DnsWishes
  readonly logConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> }
  /** Runtimes besides the engine's own: programs by the name that `docker run --runtime` gives. */
  readonly runtimes: Readonly<Record<string, string>>
  /** Name of the runtime of containers that ask for none; undefined: the engine's own. */
  readonly defaultRuntime: string | undefined
}

/** Flags with values that `readSettings` reads. */
export const settingFlags: readonly string[] = [
  ...['registry-mirror', 'insecure-registry', 'default-address-pool', 'bip', 'icc', 'mtu'],
  ...['dns', 'dns-search', 'dns-opt', 'log-driver', 'log-opt', 'default-runtime', 'add-runtime'],
]

/** Lines of the command's help. */
export const settingHelp = `      --registry-mirror URL     Ask this mirror of Docker Hub first; may be given again
      --insecure-registry HOST  Speak http, or TLS without checking, with a registry (host, host:port or CIDR)
      --default-address-pool base=CIDR,size=N
                                Cut networks of this size from these addresses; may be given again
      --bip ADDRESS/N           Address and size of the default bridge
      --icc=false               Keep containers on the default bridge from each other
      --mtu N                   Size of packets on the default bridge (default 1500)
      --dns ADDRESS             Name server of containers; also --dns-search DOMAIN and --dns-opt OPTION
      --log-driver NAME         Log driver of containers (default json-file)
      --log-opt KEY=VALUE       Option of the log driver; may be given again
      --add-runtime NAME=PATH   An OCI runtime that containers can ask for; may be given again
      --default-runtime NAME    The runtime of containers that ask for none
`

/** What an engine has that was told nothing. */
export const defaultSettings: EngineSettings = {
  registries: { insecure: [], mirrors: {} },
  networks: {},
  dns: { servers: [], search: [], options: [] },
  logConfig: { Type: 'json-file', Config: {} },
  runtimes: {},
  defaultRuntime: undefined,
}

const mtuMin = 68
const mtuMax = 65_535

function readMirror(mirror: string): string {
  if (!URL.canParse(mirror)) throw usageError('engine', `invalid mirror: "${mirror}" is not a valid URI`)
  const { protocol, search, hash, username, pathname } = new URL(mirror)
  if (protocol !== 'http:' && protocol !== 'https:')
    throw usageError('engine', `invalid mirror: unsupported scheme "${protocol.slice(0, -1)}" in "${mirror}"`)
  if (search !== '' || hash !== '' || username !== '' || pathname !== '/')
    throw usageError('engine', `invalid mirror: path, query, or fragment at end of the URI "${mirror}"`)
  return mirror.replace(/\/+$/, '')
}

function readInsecure(host: string): string {
  if (/^[\w.-]+(:\d{1,5})?$/.test(host) || /^\[[0-9a-fA-F:]+\](:\d{1,5})?$/.test(host)) return host
  if (host.includes('/') && parsePrefix(host) !== undefined) return host
  throw usageError('engine', `insecure registry ${host} is not valid: it must be host, host:port or a CIDR`)
}

function readPool(given: string): DefaultPool {
  const parts = new Map(
    given.split(',').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
  )
  const base = parts.get('base') ?? ''
  const size = Number(parts.get('size'))
  const prefix = parsePrefix(base)
  if (prefix === undefined || parts.size !== 2) throw usageError('engine', `invalid default address pool: ${given}`)
  if (!Number.isInteger(size) || size < prefix.length || size > (prefix.family === 4 ? 30 : 126))
    throw usageError(
      'engine',
      `invalid default address pool: ${given}: size must lie between the base's and a network of two hosts`,
    )
  return { base, size }
}

function readBip(bip: string): string {
  const [address = '', length] = bip.split('/')
  if (parsePrefix(bip)?.family !== 4 || parseAddress(address)?.family !== 4 || length === undefined)
    throw usageError('engine', `invalid CIDR address: ${bip}`)
  return bip
}

function readFlag(name: string, value: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false
  throw usageError('engine', `invalid argument "${value}" for "--${name}" flag: it is true or false`)
}

function readMtu(value: string): number {
  const mtu = Number(value)
  if (!/^\d+$/.test(value) || mtu < mtuMin || mtu > mtuMax)
    throw usageError('engine', `invalid argument "${value}" for "--mtu" flag: a number from ${mtuMin} to ${mtuMax}`)
  return mtu
}

function readServer(server: string): string {
  if (parseAddress(server) === undefined) throw usageError('engine', `${server} is not an ip address`)
  return server
}

/** `key=value` rows as a record. */
function readPairs(name: string, rows: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    rows.map((row) => {
      const at = row.indexOf('=')
      if (at < 1) throw usageError('engine', `invalid argument "${row}" for "--${name}" flag: it is KEY=VALUE`)
      return [row.slice(0, at), row.slice(at + 1)]
    }),
  )
}

function readLogging(flags: CommandFlags): EngineSettings['logConfig'] {
  const Type = lastValue(flags, 'log-driver') ?? defaultSettings.logConfig.Type
  if (!isLogDriver(Type)) throw usageError('engine', `logger: no log driver named '${Type}' is registered`)
  const Config = readPairs('log-opt', flags.values.get('log-opt') ?? [])
  const complaint = unknownLogOption(Type, Config) ?? badLogValue(Config)
  if (complaint !== undefined) throw usageError('engine', complaint)
  return { Type, Config }
}

function readRuntimes(
  flags: CommandFlags,
  builtIn: readonly string[],
): Pick<EngineSettings, 'runtimes' | 'defaultRuntime'> {
  const runtimes = readPairs('add-runtime', flags.values.get('add-runtime') ?? [])
  for (const [name, path] of Object.entries(runtimes)) {
    if (name === 'runc') throw usageError('engine', "runtime name 'runc' is reserved")
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) || path === '')
      throw usageError('engine', `invalid runtime: ${name}=${path}`)
  }
  const defaultRuntime = lastValue(flags, 'default-runtime')
  if (defaultRuntime !== undefined && !builtIn.includes(defaultRuntime) && !Object.hasOwn(runtimes, defaultRuntime))
    throw usageError('engine', `specified default runtime '${defaultRuntime}' does not exist`)
  return { runtimes, defaultRuntime }
}

function readNetworks(flags: CommandFlags): EngineSettings['networks'] {
  const pools = flags.values.get('default-address-pool')?.map(readPool)
  const [bip, icc, mtu] = ['bip', 'icc', 'mtu'].map((name) => lastValue(flags, name))
  return {
    ...(pools === undefined ? {} : { pools }),
    ...(bip === undefined ? {} : { bip: readBip(bip) }),
    ...(icc === undefined ? {} : { interContainer: readFlag('icc', icc) }),
    ...(mtu === undefined ? {} : { mtu: readMtu(mtu) }),
  }
}

/**
 * Reads the settings; `builtIn` are the runtimes that every engine knows by name.
 * @throws GantryError ROLES_USAGE, in dockerd's words where it has some.
 */
export function readSettings(flags: CommandFlags, builtIn: readonly string[]): EngineSettings {
  const all = (name: string): readonly string[] => flags.values.get(name) ?? []
  const mirrors = all('registry-mirror').map(readMirror)
  return {
    registries: {
      insecure: all('insecure-registry').map(readInsecure),
      mirrors: mirrors.length === 0 ? {} : { 'docker.io': mirrors, 'registry-1.docker.io': mirrors },
    },
    networks: readNetworks(flags),
    dns: { servers: all('dns').map(readServer), search: all('dns-search'), options: all('dns-opt') },
    logConfig: readLogging(flags),
    ...readRuntimes(flags, builtIn),
  }
}
