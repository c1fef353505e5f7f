/** What container flags refuse while arguments are read, in the docker client's words. */
import { parseMemory } from '#cli/output/human-units.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { parseMount } from './mount-flag.ts'
import { parseNetwork } from './network-flag.ts'

export function checkAddHost(value: string): string | undefined {
  const at = value.search(/[:=]/)
  if (at <= 0) return `bad format for add-host: "${value}"`
  const address = value.slice(at + 1).replace(/^\[(.*)\]$/, '$1')
  return address === 'host-gateway' || isAddress(address) ? undefined : `invalid IP address in add-host: "${address}"`
}

export function checkAttach(value: string): string | undefined {
  return ['stdin', 'stdout', 'stderr'].includes(value.toLowerCase())
    ? undefined
    : 'valid streams are STDIN, STDOUT and STDERR'
}

export function checkDns(value: string): string | undefined {
  return isAddress(value.trim()) ? undefined : `IP address is not correctly formatted: ${value}`
}

/** True for an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text))
    return text.split('.').every((part) => Number(part) <= 255 && String(Number(part)) === part)
  return text.includes(':') && URL.canParse(`http://[${text}]/`)
}

export function checkDeviceRule(value: string): string | undefined {
  return /^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(value)
    ? undefined
    : `invalid device cgroup format '${value}'`
}

export function checkDeviceRate(value: string): string | undefined {
  const colon = value.indexOf(':')
  if (colon <= 0 || colon === value.length - 1) return `bad format: ${value}`
  if (!value.startsWith('/dev/')) return `bad format for device path: ${value}`
  return parseMemory(value.slice(colon + 1)) === undefined
    ? `invalid rate for device: ${value}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`
    : undefined
}

const allowedSysctls: ReadonlySet<string> = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
])

export function checkSysctl(value: string): string | undefined {
  const name = value.split('=')[0] ?? ''
  const known = allowedSysctls.has(name) || name.startsWith('net.') || name.startsWith('fs.mqueue.')
  return value.includes('=') && known ? undefined : `sysctl '${value}' is not allowed`
}

const ulimitNames: ReadonlySet<string> = new Set([
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
])

export function checkUlimit(value: string): string | undefined {
  const [name = '', limits] = value.split('=')
  if (limits === undefined) return `invalid ulimit argument: ${value}`
  if (!ulimitNames.has(name)) return `invalid ulimit type: ${name}`
  const parts = limits.split(':')
  if (parts.length > 2) return `too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``
  for (const part of parts) if (!/^-?\d+$/.test(part)) return `strconv.ParseInt: parsing "${part}": invalid syntax`
  return checkLimits(parts)
}

function checkLimits([soft = '0', hard]: readonly string[]): string | undefined {
  if (hard === undefined || hard === '-1') return undefined
  const wrong = 'ulimit soft limit must be less than or equal to hard limit'
  if (soft === '-1') return `${wrong}: soft: -1 (unlimited), hard: ${hard}`
  return BigInt(soft) > BigInt(hard) ? `${wrong}: ${soft} > ${hard}` : undefined
}

export function checkMount(value: string): string | undefined {
  return problemOf(() => parseMount(value))
}

export function checkNetwork(value: string): string | undefined {
  return problemOf(() => parseNetwork(value))
}

function problemOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
