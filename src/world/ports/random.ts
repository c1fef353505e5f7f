/** Chance, as the only source of it, so that a seeded world replays. */
import { flatText } from '#base/data/flat-text.ts'

export interface Random {
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array
  /** A whole number in [0, limit). */
  below(limit: number): number
  /** A number in [0, 1). */
  float(): number
}

/** `count` random bytes as lower-case hex (a container id is 32 bytes, 64 digits). */
export function randomHex(random: Random, count: number): string {
  return Buffer.from(random.bytes(count)).toString('hex')
}

/** A random UUID, version 4 (RFC 9562, section 5.4). */
export function randomUuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return flatText(`${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`)
}
