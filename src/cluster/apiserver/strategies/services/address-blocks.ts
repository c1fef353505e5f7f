/** Blocks of addresses of both families, as numbers that can be counted through. */
import { formatIp, parseCidr, parseIp } from '#spec/kubernetes/validation/ip-address.ts'

export type AddressFamily = 'IPv4' | 'IPv6'

/** The addresses of a block that may be given out, by their offset from the first. */
export interface AddressBlock {
  readonly family: AddressFamily
  readonly first: bigint
  /** At most 2^48: more are never given out. */
  readonly size: number
}

const sizeMost = 2 ** 48

function numberOf(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

function familyOfBytes(bytes: readonly number[]): AddressFamily {
  return bytes.length === 16 ? 'IPv6' : 'IPv4'
}

/** The family of a block or of an address. */
export function familyOf(text: string): AddressFamily {
  return text.includes(':') ? 'IPv6' : 'IPv4'
}

/**
 * The block of a text such as `10.96.0.0/16`: without the address of the network itself and, in IPv4, the one for
 * broadcasts. Undefined for a text that is none.
 */
export function addressBlock(cidr: string): AddressBlock | undefined {
  const parsed = parseCidr(cidr)
  if (parsed === undefined) return undefined
  const { bytes } = parsed.address
  const family = familyOfBytes(bytes)
  const hostBits = BigInt(bytes.length * 8 - parsed.prefix)
  const base = (numberOf(bytes) >> hostBits) << hostBits
  const all = 1n << hostBits
  const usable = all - (family === 'IPv4' ? 2n : 1n)
  return { family, first: base + 1n, size: usable < 1n ? 1 : usable > BigInt(sizeMost) ? sizeMost : Number(usable) }
}

/** The address at an offset, in canonical form. */
export function addressAt({ family, first }: AddressBlock, offset: number): string {
  const length = family === 'IPv6' ? 16 : 4
  const value = first + BigInt(offset)
  const bytes = Array.from({ length }, (_, index) => Number((value >> BigInt((length - 1 - index) * 8)) & 255n))
  return formatIp({ bytes })
}

/** Whether an address is one of a block's. */
export function blockContains({ family, first, size }: AddressBlock, address: string): boolean {
  const bytes = parseIp(address)?.bytes
  if (bytes === undefined || familyOfBytes(bytes) !== family) return false
  const offset = numberOf(bytes) - first
  return offset >= 0n && offset < BigInt(size)
}

/** An address as it is always written; the text itself when it is none. */
export function canonicalAddress(text: string): string {
  const parsed = parseIp(text)
  return parsed === undefined ? text : formatIp(parsed)
}

/** The first address of a block that may be given out; `''` for a text that is no block. */
export function firstAddress(cidr: string): string {
  const block = addressBlock(cidr)
  return block === undefined ? '' : addressAt(block, 0)
}
