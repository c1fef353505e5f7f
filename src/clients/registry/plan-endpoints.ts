/** Decides where a registry is looked for: its mirrors first, then itself, https before http, http only where that is allowed. */

export interface RegistrySettings {
  /** Hosts (`host`, `host:port`) and CIDR blocks of IPv4 whose certificates are not checked and that may speak plain http. */
  readonly insecure?: readonly string[]
  /** Mirrors by registry host: base URLs, asked in order before the registry itself, for pulls only. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>
}

export interface Endpoint {
  /** `scheme://host[:port]`, perhaps with a path in front of `/v2/`; no slash at the end. */
  readonly baseUrl: string
  readonly isMirror: boolean
  /** Accept any certificate. */
  readonly insecure: boolean
}

/** The endpoints to try for a registry host, in order. */
export function planEndpoints(settings: RegistrySettings, host: string, use: 'pull' | 'push'): Endpoint[] {
  const mirrors = use === 'pull' ? (settings.mirrors?.[host] ?? []) : []
  const own = hostEndpoints(settings, host === 'docker.io' ? 'registry-1.docker.io' : host)
  return [...mirrors.flatMap((mirror) => mirrorEndpoints(settings, mirror)), ...own]
}

/** True for hosts that Docker allows plain http without being told: 127.0.0.0/8, ::1 and localhost. */
export function isLoopbackHost(host: string): boolean {
  const name = nameOf(host)
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/** True when a host may be spoken to without a checked certificate. */
export function isInsecureHost(settings: RegistrySettings, host: string): boolean {
  if (isLoopbackHost(host)) return true
  return (settings.insecure ?? []).some(
    (entry) => entry === host || entry === nameOf(host) || isInBlock(nameOf(host), entry),
  )
}

function hostEndpoints(settings: RegistrySettings, host: string): Endpoint[] {
  const insecure = isInsecureHost(settings, host)
  const secureFirst: Endpoint = { baseUrl: `https://${host}`, isMirror: false, insecure }
  return insecure ? [secureFirst, { ...secureFirst, baseUrl: `http://${host}` }] : [secureFirst]
}

function mirrorEndpoints(settings: RegistrySettings, mirror: string): Endpoint[] {
  if (!URL.canParse(mirror)) return []
  const { host, protocol } = new URL(mirror)
  if (protocol !== 'http:' && protocol !== 'https:') return []
  return [{ baseUrl: mirror.replace(/\/+$/, ''), isMirror: true, insecure: isInsecureHost(settings, host) }]
}

function nameOf(host: string): string {
  const [, bracketed] = /^\[([^\]]+)\]/.exec(host) ?? []
  return (bracketed ?? host.replace(/:\d+$/, '')).toLowerCase()
}

function isInBlock(address: string, block: string): boolean {
  const [, base, prefix] = /^(\d+(?:\.\d+){3})\/(\d{1,2})$/.exec(block) ?? []
  const own = toNumber(address)
  const start = base === undefined ? undefined : toNumber(base)
  if (own === undefined || start === undefined || Number(prefix) > 32) return false
  const size = 2 ** (32 - Number(prefix))
  return Math.floor(own / size) === Math.floor(start / size)
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}
