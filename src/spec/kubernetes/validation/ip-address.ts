/** IP addresses and blocks as the API reads and prints them, with upstream's texts for new, strict and legacy fields. */
import { ipText } from '#base/data/ip-text.ts'
import { invalid, type FieldError } from './field-errors.ts'
import type { Path } from './field-path.ts'

/** A parsed address: 4 or 16 bytes. IPv4-mapped IPv6 addresses count as IPv4, as Go's net.IP has them. */
export interface IpAddress {
  readonly bytes: readonly number[]
  readonly isMapped: boolean
  /** Some IPv4 part had leading zeros. */
  readonly hasLeadingZeros: boolean
}

/** A parsed block. */
export interface Cidr {
  readonly address: IpAddress
  /** Bits of the prefix, counted as the family of `address` has them. */
  readonly prefix: number
  readonly hasLeadingZeros: boolean
}

function parseV4(text: string): IpAddress | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,10}$/.test(part) && Number(part) <= 255)) return undefined
  const hasLeadingZeros = parts.some((part) => part.length > 1 && part.startsWith('0'))
  return { bytes: parts.map(Number), isMapped: false, hasLeadingZeros }
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  for (const group of text.split(':')) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
    const value = Number.parseInt(group, 16)
    bytes.push(value >> 8, value & 255)
  }
  return bytes
}

/** The last four bytes may be written as an IPv4 address; this rewrites them to groups. */
function withoutDots(text: string): { readonly text: string; readonly hasLeadingZeros: boolean } | undefined {
  if (!text.includes('.')) return { text, hasLeadingZeros: false }
  const colon = text.lastIndexOf(':')
  const v4 = parseV4(text.slice(colon + 1))
  if (v4 === undefined) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = v4.bytes
  const groups = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  return { text: text.slice(0, colon + 1) + groups, hasLeadingZeros: v4.hasLeadingZeros }
}

function parseV6(whole: string): IpAddress | undefined {
  const plain = withoutDots(whole)
  if (plain === undefined) return undefined
  const halves = plain.text.split('::')
  if (halves.length > 2) return undefined
  const head = groupsOf(halves[0] ?? '')
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '') : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 16 - head.length - tail.length
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined
  const bytes = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  const isMapped = bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 255))
  return { bytes: isMapped ? bytes.slice(12) : bytes, isMapped, hasLeadingZeros: plain.hasLeadingZeros }
}

/** The address, or undefined. Leading zeros in IPv4 parts are read as decimal, as legacy fields always had them. */
export function parseIp(text: string): IpAddress | undefined {
  if (text.length > 64) return undefined
  return text.includes(':') ? parseV6(text) : parseV4(text)
}

/** True for an IPv6 address that is not a mapped IPv4 one. */
export function isIpv6(text: string): boolean {
  return parseIp(text)?.bytes.length === 16
}

/** The block, or undefined. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const digits = text.slice(slash + 1)
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash))
  if (address === undefined || !/^\d{1,3}$/.test(digits)) return undefined
  const prefix = Number(digits) - (address.isMapped ? 96 : 0)
  if (prefix < 0 || prefix > address.bytes.length * 8) return undefined
  return { address, prefix, hasLeadingZeros: address.hasLeadingZeros || (digits.length > 1 && digits.startsWith('0')) }
}

/** Canonical text: dotted IPv4, RFC 5952 IPv6. */
export function formatIp({ bytes }: Pick<IpAddress, 'bytes'>): string {
  return ipText(bytes)
}

function masked(bytes: readonly number[], prefix: number): number[] {
  return bytes.map((byte, index) => byte & (255 << Math.max(0, 8 - Math.max(0, prefix - index * 8))) & 255)
}

/** Canonical text of a block: host bits zero. */
export function formatCidr({ address, prefix }: Cidr): string {
  return `${formatIp({ bytes: masked(address.bytes, prefix) })}/${prefix}`
}

/** True when `inner` lies within `outer` and is smaller. */
export function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  if (inner.address.bytes.length !== outer.address.bytes.length || inner.prefix <= outer.prefix) return false
  const cut = masked(inner.address.bytes, outer.prefix)
  return masked(outer.address.bytes, outer.prefix).every((byte, index) => byte === cut[index])
}

/** An IP address in a field that once was lenient; texts that the old object had stay valid. */
export function legacyIp(at: Path, value: string, known: readonly string[] = []): FieldError[] {
  if (known.includes(value)) return []
  const ip = parseIp(value)
  if (ip === undefined) return [invalid(at, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
  if (ip.hasLeadingZeros) return [invalid(at, value, 'must not have leading 0s')]
  return ip.isMapped ? [invalid(at, value, 'must not be an IPv4-mapped IPv6 address')] : []
}

/** An IP address in canonical form. */
export function canonicalIp(at: Path, value: string): FieldError[] {
  const errors = legacyIp(at, value)
  const ip = parseIp(value)
  if (errors.length > 0 || ip === undefined) return errors
  const canonical = formatIp(ip)
  return value === canonical ? [] : [invalid(at, value, `must be in canonical form (${JSON.stringify(canonical)})`)]
}

/** A block in a field that once was lenient; texts that the old object had stay valid. */
export function legacyCidr(at: Path, value: string, known: readonly string[] = []): FieldError[] {
  if (known.includes(value)) return []
  const cidr = parseCidr(value)
  if (cidr === undefined) {
    return [invalid(at, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
  }
  if (cidr.hasLeadingZeros) return [invalid(at, value, 'must not have leading 0s in IP or prefix length')]
  if (cidr.address.isMapped) return [invalid(at, value, 'must not have an IPv4-mapped IPv6 address')]
  const hasHostBits = masked(cidr.address.bytes, cidr.prefix).some((byte, index) => byte !== cidr.address.bytes[index])
  return hasHostBits ? [invalid(at, value, 'must not have bits set beyond the prefix length')] : []
}

/** A block in canonical form. */
export function canonicalCidr(at: Path, value: string): FieldError[] {
  const errors = legacyCidr(at, value)
  const cidr = parseCidr(value)
  if (errors.length > 0 || cidr === undefined) return errors
  const canonical = formatCidr(cidr)
  return value === canonical ? [] : [invalid(at, value, `must be in canonical form (${JSON.stringify(canonical)})`)]
}

function isPrefix(bytes: readonly number[], text: string): boolean {
  const cidr = parseCidr(text)
  if (cidr === undefined || cidr.address.bytes.length !== bytes.length) return false
  return masked(bytes, cidr.prefix).every((byte, index) => byte === cidr.address.bytes[index])
}

/** An address that an endpoint may have: routable beyond its own link. */
export function endpointIp(at: Path, value: string): FieldError[] {
  const ip = parseIp(value)
  if (ip === undefined) return [invalid(at, value, 'must be a valid IP address')]
  const errors: FieldError[] = []
  const isIn = (...blocks: readonly string[]): boolean => blocks.some((block) => isPrefix(ip.bytes, block))
  if (ip.bytes.every((byte) => byte === 0)) errors.push(invalid(at, value, `may not be unspecified (${value})`))
  if (isIn('127.0.0.0/8', '::1/128')) {
    errors.push(invalid(at, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  }
  if (isIn('169.254.0.0/16', 'fe80::/10')) {
    errors.push(invalid(at, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  }
  if (isIn('224.0.0.0/24', 'ff02::/16')) {
    errors.push(invalid(at, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
  }
  return errors
}

/** What a client is warned of about an address that works but should be written otherwise; nothing when all is well. */
export function ipWarnings(at: Path, value: string): readonly string[] {
  const ip = parseIp(value)
  if (ip === undefined) return []
  const canonical = formatIp(ip)
  if (ip.hasLeadingZeros || ip.isMapped) {
    return [
      `${at.toString()}: non-standard IP address ${JSON.stringify(value)} is invalid: use ${JSON.stringify(canonical)}`,
    ]
  }
  if (ip.bytes.length === 4 || canonical === value) return []
  return [
    `${at.toString()}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`,
  ]
}

/** As `ipWarnings` for a block. */
export function cidrWarnings(at: Path, value: string): readonly string[] {
  const cidr = parseCidr(value)
  if (cidr === undefined) return []
  const [field, written, canonical] = [at.toString(), JSON.stringify(value), JSON.stringify(formatCidr(cidr))]
  const { address, prefix } = cidr
  const warnings: string[] = []
  if (masked(address.bytes, prefix).some((byte, index) => byte !== address.bytes[index])) {
    const single = JSON.stringify(`${formatIp(address)}/${address.bytes.length * 8}`)
    warnings.push(`${field}: CIDR value ${written} is ambiguous in this context (should be ${canonical} or ${single}?)`)
  }
  if (cidr.hasLeadingZeros || address.isMapped) {
    warnings.push(`${field}: non-standard CIDR value ${written} is invalid: use ${canonical}`)
  }
  if (warnings.length === 0 && address.bytes.length === 16 && JSON.stringify(value) !== canonical) {
    warnings.push(`${field}: IPv6 CIDR value ${written} should be in RFC 5952 canonical format (${canonical})`)
  }
  return warnings
}
