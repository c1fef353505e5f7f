/** Reading ASN.1 in its distinguished encoding (X.690). Input is hostile: every length is checked against what holds it. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** One element: its tag, its content, and all of it. */
export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

export const derTags: Readonly<
  Record<'boolean' | 'integer' | 'bits' | 'octets' | 'identifier' | 'sequence' | 'set', number>
> = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, identifier: 0x06, sequence: 0x30, set: 0x31 }

/** Elements in one list at most; certificates and requests have far fewer. */
const elementsMost = 1000

function damaged(why: string): GantryError {
  return new GantryError('TLS_DER_INVALID', 'invalid', `damaged ASN.1: ${why}`, {
    remedy: 'Make the certificate or request anew and send it whole.',
  })
}

/** The element that begins at `at`. @throws GantryError when it does not fit into the bytes. */
function elementAt(bytes: Uint8Array, at: number): DerElement {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) throw damaged('it ends early')
  if ((tag & 0x1f) === 0x1f) throw damaged('a tag of several bytes')
  let start = at + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4) throw damaged('a length of no or too many bytes')
    length = 0
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[start + index] ?? 0)
    start += count
  }
  const end = start + length
  if (end > bytes.length) throw damaged('a length beyond the end')
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) }
}

/** The only element of the bytes. @throws GantryError for damaged bytes, another tag, bytes that follow. */
export function readDer(bytes: Uint8Array, tag: number): DerElement {
  const element = elementAt(bytes, 0)
  if (element.tag !== tag) throw damaged(`tag ${element.tag} in place of ${tag}`)
  if (element.whole.length !== bytes.length) throw damaged('bytes after the end')
  return element
}

/** The elements inside an element. @throws GantryError for damaged bytes. */
export function derChildren({ content }: Pick<DerElement, 'content'>): readonly DerElement[] {
  const out: DerElement[] = []
  for (let at = 0; at < content.length;) {
    if (out.length >= elementsMost) throw damaged('too many elements')
    const element = elementAt(content, at)
    out.push(element)
    at += element.whole.length
  }
  return out
}

/** The child at a place, with a tag. @throws GantryError when it is missing or another. */
export function derChild(children: readonly DerElement[], index: number, tag: number): DerElement {
  const child = children[index]
  if (child?.tag !== tag) throw damaged(`element ${index} is missing or of another kind`)
  return child
}

/** `2.5.4.3` and the like. */
export function readIdentifier({ content }: DerElement): string {
  const numbers: number[] = []
  let value = 0
  for (const byte of content) {
    if (value > 2 ** 40) throw damaged('an object identifier without end')
    value = value * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    numbers.push(value)
    value = 0
  }
  const [first = 0, ...rest] = numbers
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}

/** The bytes of a bit string of whole bytes. @throws GantryError when bits are left over. */
export function readBits({ content }: DerElement): Uint8Array {
  if (content[0] !== 0) throw damaged('a bit string of odd length')
  return content.subarray(1)
}

/** Text of any of the string types that names use. @throws GantryError for other types. */
export function readText({ tag, content }: DerElement): string {
  const bytes = Buffer.from(content)
  // UTF8String, NumericString, PrintableString, IA5String; TeletexString is read as Latin 1; BMPString is UTF-16.
  if (tag === 0x0c || tag === 0x12 || tag === 0x13 || tag === 0x16) return bytes.toString('utf8')
  if (tag === 0x14) return bytes.toString('latin1')
  if (tag === 0x1e && bytes.length % 2 === 0) return bytes.swap16().toString('utf16le')
  throw damaged(`text of type ${tag}`)
}
