/** `ip()` and `cidr()`: addresses and blocks, strict (Kubernetes' IP and CIDR libraries; Go's net/netip). */
import { declare, fail, type CelOverload } from '../cel-function.ts'
import { CelOpaque, type CelValue } from '../cel-value.ts'
import { cidrType, ipType } from '../named-types.ts'
import { formatIp, parseIp } from '../../validation/ip-address.ts'

type Bytes = readonly number[]

class CelIp extends CelOpaque {
  readonly type = ipType
  readonly bytes: Bytes

  constructor(bytes: Bytes) {
    super()
    this.bytes = bytes
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelIp && sameBits(this.bytes, other.bytes, this.bytes.length * 8)
  }

  override get costSize(): number {
    return this.bytes.length
  }
}

class CelCidr extends CelOpaque {
  readonly type = cidrType
  readonly bytes: Bytes
  readonly prefix: number

  constructor(bytes: Bytes, prefix: number) {
    super()
    this.bytes = bytes
    this.prefix = prefix
  }

  equals(other: CelOpaque): boolean {
    return (
      other instanceof CelCidr &&
      other.prefix === this.prefix &&
      sameBits(this.bytes, other.bytes, this.bytes.length * 8)
    )
  }

  override get costSize(): number {
    return Math.ceil(this.prefix / 8)
  }
}

function sameBits(left: Bytes, right: Bytes, bits: number): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index * 8 < bits; index += 1) {
    const mask = 0xff & (0xff_00 >> Math.min(8, bits - index * 8))
    if (((left[index] ?? 0) & mask) !== ((right[index] ?? 0) & mask)) return false
  }
  return true
}

/** Bytes of an address, or why it is none. */
function readIp(text: string): Bytes | string {
  const [plain = '', zone] = text.split('%', 2)
  const found = parseIp(plain)
  if (found === undefined || found.hasLeadingZeros) {
    return `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): ${ipProblem(text, found !== undefined)}`
  }
  if (zone !== undefined && plain.includes(':'))
    return `IP address ${JSON.stringify(text)} with zone value is not allowed`
  if (zone !== undefined)
    return `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unexpected character (at "%${zone}")`
  return found.isMapped ? `IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed` : found.bytes
}

function ipProblem(text: string, hasLeadingZeros: boolean): string {
  if (hasLeadingZeros) return 'IPv4 field has octet with leading zero'
  if (!text.includes('.') && !text.includes(':')) return 'unable to parse IP'
  if (text.includes(':')) return 'each colon-separated field must have at least one digit'
  return /\d{4}|2[5-9][6-9]|[3-9]\d\d/.test(text) ? 'IPv4 field has value >255' : 'IPv4 address too short'
}

function toIp(text: string): CelIp {
  const bytes = readIp(text)
  return typeof bytes === 'string' ? fail(bytes) : new CelIp(bytes)
}

interface Block {
  readonly bytes: Bytes
  readonly prefix: number
}

function readCidr(text: string): Block | string {
  const wrong = (reason: string): string =>
    `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): ${reason}`
  const slash = text.lastIndexOf('/')
  if (slash === -1) return wrong("no '/'")
  const found = parseIp(text.slice(0, slash))
  const digits = text.slice(slash + 1)
  if (found === undefined || found.hasLeadingZeros) return wrong('ParseAddr: unable to parse IP')
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits)) return wrong(`bad bits after slash: ${JSON.stringify(digits)}`)
  if (found.isMapped) return `IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`
  if (Number(digits) > found.bytes.length * 8) return wrong('prefix length out of range')
  return { bytes: found.bytes, prefix: Number(digits) }
}

function toCidr(text: string): CelCidr {
  const block = readCidr(text)
  return typeof block === 'string' ? fail(block) : new CelCidr(block.bytes, block.prefix)
}

const bytesOf = (value: CelValue | undefined): Bytes => (value as CelIp).bytes
const v4 = (bytes: Bytes): boolean => bytes.length === 4
const isUnspecified = (bytes: Bytes): boolean => bytes.every((byte) => byte === 0)
const isLoopback = (bytes: Bytes): boolean =>
  v4(bytes) ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0))
const isLinkLocalMulticast = (bytes: Bytes): boolean =>
  v4(bytes) ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0 : bytes[0] === 0xff && ((bytes[1] ?? 0) & 0x0f) === 2
const isLinkLocalUnicast = (bytes: Bytes): boolean =>
  v4(bytes) ? bytes[0] === 169 && bytes[1] === 254 : bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80
const isMulticast = (bytes: Bytes): boolean => (v4(bytes) ? ((bytes[0] ?? 0) & 0xf0) === 0xe0 : bytes[0] === 0xff)
const isBroadcast = (bytes: Bytes): boolean => v4(bytes) && bytes.every((byte) => byte === 255)
const isGlobalUnicast = (bytes: Bytes): boolean =>
  !isUnspecified(bytes) &&
  !isLoopback(bytes) &&
  !isMulticast(bytes) &&
  !isLinkLocalUnicast(bytes) &&
  !isBroadcast(bytes)

function masked({ bytes, prefix }: CelCidr): CelCidr {
  const kept = bytes.map((byte, index) => byte & 0xff & (0xff_00 >> Math.max(0, Math.min(8, prefix - index * 8))))
  return new CelCidr(kept, prefix)
}

const cidr = (value: CelValue | undefined): CelCidr => value as CelCidr
const holdsIp = (block: CelCidr, bytes: Bytes): boolean => sameBits(block.bytes, bytes, block.prefix)
const holdsCidr = (block: CelCidr, inner: CelCidr): boolean =>
  block.prefix <= inner.prefix && sameBits(block.bytes, inner.bytes, block.prefix)

function isCanonical(text: string): boolean {
  const bytes = readIp(text)
  return typeof bytes === 'string' ? fail(bytes) : formatIp({ bytes }) === text
}

const addresses: readonly CelOverload[] = [
  declare('ip(string) net.IP', 'string_to_ip', ([text]) => toIp(text as string)),
  declare('isIP(string) bool', 'is_ip', ([text]) => typeof readIp(text as string) !== 'string'),
  declare('ip.isCanonical(string) bool', 'ip_is_canonical', ([text]) => isCanonical(text as string)),
  declare('.family(net.IP) int', 'ip_family', ([ip]) => (v4(bytesOf(ip)) ? 4n : 6n)),
  declare('.isUnspecified(net.IP) bool', 'ip_is_unspecified', ([ip]) => isUnspecified(bytesOf(ip))),
  declare('.isLoopback(net.IP) bool', 'ip_is_loopback', ([ip]) => isLoopback(bytesOf(ip))),
  declare('.isLinkLocalMulticast(net.IP) bool', 'ip_is_link_local_multicast', ([ip]) =>
    isLinkLocalMulticast(bytesOf(ip)),
  ),
  declare('.isLinkLocalUnicast(net.IP) bool', 'ip_is_link_local_unicast', ([ip]) => isLinkLocalUnicast(bytesOf(ip))),
  declare('.isGlobalUnicast(net.IP) bool', 'ip_is_global_unicast', ([ip]) => isGlobalUnicast(bytesOf(ip))),
  declare('string(net.IP) string', 'ip_to_string', ([ip]) => formatIp({ bytes: bytesOf(ip) })),
]

const blocks: readonly CelOverload[] = [
  declare('cidr(string) net.CIDR', 'string_to_cidr', ([text]) => toCidr(text as string)),
  declare('isCIDR(string) bool', 'is_cidr', ([text]) => typeof readCidr(text as string) !== 'string'),
  declare('.containsIP(net.CIDR, string) bool', 'cidr_contains_ip_string', ([block, text]) =>
    holdsIp(cidr(block), toIp(text as string).bytes),
  ),
  declare('.containsIP(net.CIDR, net.IP) bool', 'cidr_contains_ip_ip', ([block, ip]) =>
    holdsIp(cidr(block), bytesOf(ip)),
  ),
  declare('.containsCIDR(net.CIDR, string) bool', 'cidr_contains_cidr_string', ([block, text]) =>
    holdsCidr(cidr(block), toCidr(text as string)),
  ),
  declare('.containsCIDR(net.CIDR, net.CIDR) bool', 'cidr_contains_cidr', ([block, inner]) =>
    holdsCidr(cidr(block), cidr(inner)),
  ),
  declare('.ip(net.CIDR) net.IP', 'cidr_ip', ([block]) => new CelIp(cidr(block).bytes)),
  declare('.prefixLength(net.CIDR) int', 'cidr_prefix_length', ([block]) => BigInt(cidr(block).prefix)),
  declare('.masked(net.CIDR) net.CIDR', 'cidr_masked', ([block]) => masked(cidr(block))),
  declare('string(net.CIDR) string', 'cidr_to_string', ([block]) => `${formatIp(cidr(block))}/${cidr(block).prefix}`),
]

export const networkFunctions: readonly CelOverload[] = [...addresses, ...blocks]
