/** Writing ASN.1 in its distinguished encoding (X.690): what a certificate is made of. */

function tagged(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length, ...digits]), content])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(0x30, Buffer.concat(parts))
export const set = (...parts: readonly Uint8Array[]): Buffer => tagged(0x31, Buffer.concat(parts))
export const utf8Text = (text: string): Buffer => tagged(0x0c, Buffer.from(text))
export const octets = (content: Uint8Array): Buffer => tagged(0x04, content)
export const truth = (): Buffer => Buffer.from([0x01, 0x01, 0xff])
/** A field by its number, around its content (`explicit`) or in place of its tag. */
export const explicit = (number: number, content: Uint8Array): Buffer => tagged(0xa0 + number, content)
export const implicit = (number: number, content: Uint8Array): Buffer => tagged(0x80 + number, content)

/** Bits, the last `unused` of which do not count. */
export function bits(content: Uint8Array, unused: number = 0): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([unused]), content]))
}

/** A number that is not negative, from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const short = bytes.subarray(start)
  return tagged(0x02, (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), short]) : short)
}

/** `2.5.4.3` and the like. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const out = [first * 40 + second]
  for (const part of rest) {
    const digits = [part % 128]
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) | 0x80)
    out.push(...digits)
  }
  return tagged(0x06, Buffer.from(out))
}

/** A time from RFC 3339 text in whole seconds, as certificates carry it (RFC 5280, section 4.1.2.5). */
export function certificateTime(text: string): Buffer {
  const digits = text.replaceAll(/[-:T]/g, '')
  return Number(text.slice(0, 4)) < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits))
}
