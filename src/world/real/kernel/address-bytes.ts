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

/** Bytes of a MAC address (`02:42:ac:11:00:02`). */
export function packMac(mac: string): Buffer {
  return Buffer.from(mac.split(':').map((part) => Number.parseInt(part, 16)))
}

/** Text of a MAC address's bytes. */
export function unpackMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}
