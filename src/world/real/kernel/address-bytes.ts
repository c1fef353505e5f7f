/** Network addresses as text and as the kernel's bytes; pure. */
import { isIPv6 } from 'node:net'

/** Bytes of an IPv4 (4) or IPv6 (16) address. The text must be an address. */
export function packAddress(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number))
  const bytes = Buffer.alloc(16)
  const text = address.split('%', 1)[0] ?? ''
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const plain = dotted === null ? text : `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}`
  const [left = '', right] = plain.split('::')
  const head = left === '' ? [] : left.split(':')
  const tail = right === undefined || right === '' ? [] : right.split(':')
  for (const [index, word] of head.entries()) bytes.writeUInt16BE(Number.parseInt(word, 16), index * 2)
  for (const [index, word] of tail.entries())
    bytes.writeUInt16BE(Number.parseInt(word, 16), 16 - (tail.length - index) * 2)
  return bytes
}

function pair(high: string | undefined, low: string | undefined): string {
  return (Number(high) * 256 + Number(low)).toString(16)
}

/** Text of 4 or 16 address bytes; IPv6 in the short form of RFC 5952. */
export function unpackAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const words = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0))
  const gap = longestZeroRun(words)
  const text = (part: number[]): string => part.map((word) => word.toString(16)).join(':')
  if (gap.length < 2) return text(words)
  return `${text(words.slice(0, gap.start))}::${text(words.slice(gap.start + gap.length))}`
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, word] of words.entries()) {
    if (word !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}

/** Bytes of a MAC address (`02:42:ac:11:00:02`). */
export function packMac(mac: string): Buffer {
  return Buffer.from(mac.split(':').map((part) => Number.parseInt(part, 16)))
}

/** Text of a MAC address's bytes. */
export function unpackMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}
