/**
 * One tar entry's header as a value, and the 512-byte block it is read from and written to
 * (POSIX.1-2017 pax "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
 */

export const blockBytes = 512

export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo' | 'unknown'

/** A point in time, as exact as archives have it. */
export interface TarTime {
  /** Whole seconds since 1970, may be negative. */
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanos: number
}

export interface TarHeader {
  /** Path as text; bytes that are no UTF-8 show as replacement characters. */
  readonly name: string
  /** The same path, one character a byte: two names are the same file exactly when these are equal. */
  readonly nameKey: string
  readonly type: TarEntryType
  /** The type byte as it stands in the archive. */
  readonly typeFlag: number
  readonly linkName: string
  readonly linkKey: string
  /** Permission bits with set-id and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Length of the body; for a sparse file the length when holes are filled. */
  readonly sizeBytes: number
  readonly mtime: TarTime
  readonly userName: string
  readonly groupName: string
  readonly deviceMajor: number
  readonly deviceMinor: number
  /** Extended attributes by name. */
  readonly attributes: ReadonlyMap<string, Uint8Array>
  readonly sparse: boolean
}

/** The fields of a block before long names and PAX records are applied. */
export interface HeaderBlock {
  nameKey: string
  linkKey: string
  typeFlag: number
  mode: number
  uid: number
  gid: number
  sizeBytes: number
  mtimeSeconds: number
  userName: string
  groupName: string
  deviceMajor: number
  deviceMinor: number
  /** GNU's own format, whose tail holds other things than a name prefix. */
  gnu: boolean
}

const types: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
}

const typeFlags: Readonly<Record<Exclude<TarEntryType, 'unknown'>, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
}

/** What kind of entry a type byte means; an old archive marks a directory by its name's last slash only. */
export function entryTypeOf(typeFlag: number, nameKey: string): TarEntryType {
  const type = types[String.fromCharCode(typeFlag)] ?? 'unknown'
  return type === 'file' && typeFlag !== 0x53 && nameKey.endsWith('/') ? 'directory' : type
}

/** The type byte for a kind of entry. */
export function typeFlagOf(type: Exclude<TarEntryType, 'unknown'>): number {
  return typeFlags[type].charCodeAt(0)
}

/** True for a block of zeros, two of which end an archive. */
export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < blockBytes; at += 1) if (block[at] !== 0) return false
  return true
}

/** Reads a block; undefined when its checksum is wrong or a number in it is none. */
export function decodeHeaderBlock(block: Buffer): HeaderBlock | undefined {
  const sum = readNumber(block, 148, 8)
  if (sum === undefined || !checksumMatches(block, sum)) return undefined
  const numbers = readNumbers(block)
  if (numbers === undefined) return undefined
  const magic = block.toString('latin1', 257, 265)
  const ustar = magic.startsWith('ustar\0')
  const gnu = magic === 'ustar  \0'
  const prefix = ustar ? readPrefix(block) : ''
  const name = readText(block, 0, 100)
  return {
    ...numbers,
    nameKey: prefix === '' ? name : `${prefix}/${name}`,
    linkKey: readText(block, 157, 100),
    typeFlag: block[156] ?? 0,
    ...(ustar || gnu ? readNamedFields(block) : noNamedFields),
    gnu,
  }
}

/** The start of a long name; star's own variant of the format leaves it less room. */
function readPrefix(block: Buffer): string {
  return readText(block, 345, block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155)
}

type NamedFields = Pick<HeaderBlock, 'userName' | 'groupName' | 'deviceMajor' | 'deviceMinor'>

const noNamedFields: NamedFields = { userName: '', groupName: '', deviceMajor: 0, deviceMinor: 0 }

/** What only the formats with a magic have. */
function readNamedFields(block: Buffer): NamedFields {
  return {
    userName: readText(block, 265, 32),
    groupName: readText(block, 297, 32),
    deviceMajor: readNumber(block, 329, 8) ?? 0,
    deviceMinor: readNumber(block, 337, 8) ?? 0,
  }
}

/** Octal text or GNU's base-256; undefined when it is neither or does not fit a safe integer. */
export function readNumber(block: Buffer, offset: number, length: number): number | undefined {
  const first = block[offset] ?? 0
  if ((first & 0x80) !== 0) return readBinary(block, offset, length)
  let value = 0
  let digits = 0
  for (let at = offset; at < offset + length; at += 1) {
    const byte = block[at] ?? 0
    if (byte >= 0x30 && byte <= 0x37) {
      value = value * 8 + (byte - 0x30)
      digits += 1
    } else if (byte === 0x20 || byte === 0) {
      if (digits > 0) return restIsBlank(block, at, offset + length) ? value : undefined
    } else return undefined
  }
  return value
}

/** Text up to the first NUL, one character a byte. */
export function readText(block: Buffer, offset: number, length: number): string {
  let end = offset
  while (end < offset + length && block[end] !== 0) end += 1
  return block.toString('latin1', offset, end)
}

/** Bytes-as-characters to text. */
export function textOfKey(key: string): string {
  for (let at = 0; at < key.length; at += 1)
    if (key.charCodeAt(at) > 0x7f) return Buffer.from(key, 'latin1').toString('utf8')
  return key
}

/** Text to bytes-as-characters. */
export function keyOfText(text: string): string {
  for (let at = 0; at < text.length; at += 1)
    if (text.charCodeAt(at) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1')
  return text
}

/**
 * Writes a ustar block into `block` (zeroed, 512 bytes): `nameKey` and `linkKey` must fit 100 bytes (or split at a
 * slash into a prefix); numbers must fit their fields, which `fitsHeaderBlock` tells.
 */
export function encodeHeaderBlock(block: Buffer, fields: HeaderBlock): void {
  const { prefix, name } = splitName(fields.nameKey)
  block.write(name, 0, 100, 'latin1')
  writeOctal(block, [100, 8], fields.mode & 0o7777)
  writeOctal(block, [108, 8], fields.uid)
  writeOctal(block, [116, 8], fields.gid)
  writeOctal(block, [124, 12], fields.sizeBytes)
  writeOctal(block, [136, 12], Math.max(0, fields.mtimeSeconds))
  block[156] = fields.typeFlag
  block.write(fields.linkKey.slice(0, 100), 157, 100, 'latin1')
  block.write('ustar\x0000', 257, 8, 'latin1')
  block.write(fields.userName.slice(0, 31), 265, 32, 'latin1')
  block.write(fields.groupName.slice(0, 31), 297, 32, 'latin1')
  writeOctal(block, [329, 8], fields.deviceMajor)
  writeOctal(block, [337, 8], fields.deviceMinor)
  if (prefix !== '') block.write(prefix, 345, 155, 'latin1')
  writeChecksum(block)
}

/** Splits a path for the prefix and name fields; an impossible one is cut (a PAX record then carries the whole). */
export function splitName(nameKey: string): { prefix: string; name: string; whole: boolean } {
  if (nameKey.length <= 100) return { prefix: '', name: nameKey, whole: true }
  const slash = nameKey.lastIndexOf('/', Math.min(155, nameKey.length - 2))
  if (slash > 0 && nameKey.length - slash - 1 <= 100)
    return { prefix: nameKey.slice(0, slash), name: nameKey.slice(slash + 1), whole: true }
  return { prefix: '', name: nameKey.slice(0, 100), whole: false }
}

function readNumbers(
  block: Buffer,
): Pick<HeaderBlock, 'mode' | 'uid' | 'gid' | 'sizeBytes' | 'mtimeSeconds'> | undefined {
  const mode = readNumber(block, 100, 8)
  const uid = readNumber(block, 108, 8)
  const gid = readNumber(block, 116, 8)
  const sizeBytes = readNumber(block, 124, 12)
  const mtimeSeconds = readNumber(block, 136, 12)
  if (mode === undefined || uid === undefined || gid === undefined || mtimeSeconds === undefined) return undefined
  if (sizeBytes === undefined || sizeBytes < 0 || uid < 0 || gid < 0) return undefined
  return { mode: mode & 0o7777, uid, gid, sizeBytes, mtimeSeconds }
}

function readBinary(block: Buffer, offset: number, length: number): number | undefined {
  const negative = block[offset] === 0xff
  let value = negative ? -1n : BigInt((block[offset] ?? 0) & 0x7f)
  for (let at = offset + 1; at < offset + length; at += 1) value = (value << 8n) | BigInt(block[at] ?? 0)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

function restIsBlank(block: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (block[at] !== 0 && block[at] !== 0x20) return false
  return true
}

/** The sum counts bytes as unsigned; some old writers counted them as signed. */
function checksumMatches(block: Buffer, sum: number): boolean {
  let unsigned = 8 * 0x20
  let high = 0
  for (let at = 0; at < blockBytes; at += 1) {
    if (at === 148) at = 156
    const byte = block[at] ?? 0
    unsigned += byte
    high += byte >> 7
  }
  return sum === unsigned || sum === unsigned - high * 256
}

function writeOctal(block: Buffer, [offset, length]: readonly [number, number], value: number): void {
  const text = value.toString(8)
  const fits = text.length < length
  block.write((fits ? text : '0').padStart(length - 1, '0'), offset, length - 1, 'latin1')
}

function writeChecksum(block: Buffer): void {
  let sum = 8 * 0x20
  for (let at = 0; at < 148; at += 1) sum += block[at] ?? 0
  for (let at = 156; at < blockBytes; at += 1) sum += block[at] ?? 0
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1')
}
