/** Which addresses and blocks lie in which blocks. */
import { type Cidr, type IpAddress, parseCidr, parseIp } from '#spec/kubernetes/validation/ip-address.ts'

function sharesPrefix(a: readonly number[], b: readonly number[], bits: number): boolean {
  if (a.length !== b.length) return false
  const whole = bits >> 3
  for (let index = 0; index < whole; index++) if (a[index] !== b[index]) return false
  const shift = 8 - (bits & 7)
  return shift === 8 || (a[whole] ?? 0) >> shift === (b[whole] ?? 0) >> shift
}

/** True when an address lies in a block; false for texts that are neither. */
export function blockHasAddress(block: string, address: string): boolean {
  const cidr: Cidr | undefined = parseCidr(block)
  const ip: IpAddress | undefined = parseIp(address)
  return cidr !== undefined && ip !== undefined && sharesPrefix(cidr.address.bytes, ip.bytes, cidr.prefix)
}

/** True when a block lies wholly in another, or is the same. */
export function blockHasBlock(outer: string, inner: string): boolean {
  const [a, b] = [parseCidr(outer), parseCidr(inner)]
  if (a === undefined || b === undefined || a.prefix > b.prefix) return false
  return sharesPrefix(a.address.bytes, b.address.bytes, a.prefix)
}

/** True when two blocks have an address in common. */
export function blocksOverlap(a: string, b: string): boolean {
  return blockHasBlock(a, b) || blockHasBlock(b, a)
}
