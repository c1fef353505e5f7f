/** IP addresses and prefixes as numbers; pure. Text that is no address gives undefined, never an exception. */
import { ipText } from '#base/data/ip-text.ts'

export type Family = 4 | 6

export interface Address {
  readonly family: Family
  readonly value: bigint
}

export interface Prefix {
  readonly family: Family
  /** First address, host bits zero. */
  readonly base: bigint
  readonly length: number
}

/** Number of address bits of a family. */
export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128
}

/** Reads `172.17.0.2` or `fd00::2`. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseSix(text) : parseFour(text)
}

function parseFour(text: string): Address | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const parts = match.slice(1).map(Number)
  if (parts.some((part, index) => part > 255 || String(part) !== match[index + 1])) return undefined
  return { family: 4, value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) }
}

function parseSix(text: string): Address | undefined {
  const halves = withoutDottedTail(text)?.split('::')
  if (halves === undefined || halves.length > 2) return undefined
  const [left, right] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const words = left ?? []
  const tail = right ?? []
  const gap = 8 - words.length - tail.length
  if (right === undefined ? gap !== 0 : gap < 1) return undefined
  const all = [...words, ...Array.from({ length: right === undefined ? 0 : gap }, () => '0'), ...tail]
  if (!all.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return undefined
  return { family: 6, value: all.reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n) }
}

/** `::ffff:10.0.0.1` with its last two words in hexadecimal. */
function withoutDottedTail(text: string): string | undefined {
  if (!text.includes('.')) return text
  const at = text.lastIndexOf(':') + 1
  const four = parseFour(text.slice(at))
  return four === undefined
    ? undefined
    : `${text.slice(0, at)}${(four.value >> 16n).toString(16)}:${(four.value & 0xffffn).toString(16)}`
}

/** The address's usual text (IPv6 as RFC 5952 wants it). */
export function formatAddress({ family, value }: Address): string {
  const sizeBytes = family === 4 ? 4 : 16
  return ipText(
    Array.from({ length: sizeBytes }, (_, index) => Number((value >> BigInt((sizeBytes - 1 - index) * 8)) & 255n)),
  )
}

/** Reads `172.17.0.0/16`; host bits are dropped. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash))
  const digits = text.slice(slash + 1)
  const length = Number(digits)
  if (address === undefined || !/^\d{1,3}$/.test(digits) || length > bitsOf(address.family)) return undefined
  return prefixOf(address, length)
}

/** The prefix of that length that an address lies in. */
export function prefixOf({ family, value }: Address, length: number): Prefix {
  const rest = BigInt(bitsOf(family) - length)
  return { family, base: (value >> rest) << rest, length }
}

export function formatPrefix({ family, base, length }: Prefix): string {
  return `${formatAddress({ family, value: base })}/${length}`
}

/** Last address of a prefix. */
export function lastOf({ family, base, length }: Prefix): bigint {
  return base + (1n << BigInt(bitsOf(family) - length)) - 1n
}

export function contains(prefix: Prefix, address: Address): boolean {
  return prefix.family === address.family && address.value >= prefix.base && address.value <= lastOf(prefix)
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return a.family === b.family && a.base <= lastOf(b) && b.base <= lastOf(a)
}

/** The MAC address that Docker derives from an IPv4 address: 02:42 and the four bytes. */
export function macOfAddress(address: Address): string {
  const bytes = [24n, 16n, 8n, 0n].map((shift) => (address.value >> shift) & 255n)
  return ['02', '42', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':')
}
