/**
 * Writes tar streams as Go's archive/tar does for Docker: plain ustar blocks, PAX records only for what does not fit
 * (long or non-ASCII names, large numbers, fractions of seconds, extended attributes), so that equal trees are equal bytes.
 */
import { PassThrough } from 'node:stream'
import type { Readable } from 'node:stream'
import { encodePax, formatPaxTime } from './pax-records.ts'
import { blockBytes, encodeHeaderBlock, keyOfText, splitName, typeFlagOf } from './tar-header.ts'
import type { HeaderBlock, TarEntryType, TarTime } from './tar-header.ts'

/** What to write; left out means zero or none. */
export interface TarEntryOptions {
  /** Path as text, or as bytes-as-characters in `nameKey`. */
  readonly name: string
  readonly nameKey?: string
  readonly type: Exclude<TarEntryType, 'unknown'>
  readonly linkName?: string
  readonly linkKey?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly sizeBytes?: number
  readonly mtime?: TarTime
  readonly userName?: string
  readonly groupName?: string
  readonly deviceMajor?: number
  readonly deviceMinor?: number
  readonly attributes?: ReadonlyMap<string, Uint8Array>
}

/** A tar being written; `output` gives its bytes. */
export interface TarWriter {
  readonly output: Readable
  /** Writes an entry; `content` must give exactly `sizeBytes`. Waits while the reader is behind. */
  add(entry: TarEntryOptions, content?: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>
  /** Writes bytes as they are (an archive's own headers when it is rebuilt). */
  raw(bytes: Uint8Array): Promise<void>
  /** Ends the archive with two zero blocks; `bare` ends the stream without them. */
  finish(options?: { readonly bare?: boolean }): void
  /** Gives up: the reader of `output` sees the error. */
  fail(error: Error): void
}

const octal7 = 0o7777777
const octal11 = 0o77777777777
const endBlocks = Buffer.alloc(2 * blockBytes)

/** Bytes of an entry's headers, for `sizeBytes` of content to follow (padded to whole blocks by the caller). */
export function encodeTarHeader(entry: TarEntryOptions): Buffer {
  const nameKey = directoryName(entry.nameKey ?? keyOfText(entry.name), entry.type)
  const linkKey = entry.linkKey ?? keyOfText(entry.linkName ?? '')
  const records = paxRecordsFor(entry, nameKey, linkKey)
  const fields = blockFields(entry, nameKey, linkKey)
  const size = entry.type === 'file' ? (entry.sizeBytes ?? 0) : 0
  const header = Buffer.alloc(blockBytes)
  encodeHeaderBlock(header, { ...fields, sizeBytes: size > octal11 ? 0 : size })
  if (records.length === 0) return header
  const payload = encodePax(records)
  const extension = Buffer.alloc(blockBytes)
  encodeHeaderBlock(extension, {
    ...emptyFields,
    nameKey: paxName(nameKey),
    typeFlag: 'x'.charCodeAt(0),
    sizeBytes: payload.length,
  })
  return Buffer.concat([extension, payload, Buffer.alloc(paddingBytes(payload.length)), header])
}

/** Zero bytes that follow a body of this length. */
export function paddingBytes(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}

/** Starts a tar. */
export function createTarWriter(): TarWriter {
  const output = new PassThrough({ highWaterMark: 256 * 1024 })
  const write = async (chunk: Uint8Array): Promise<void> => {
    if (output.destroyed) throw new Error('the reader of the archive is gone')
    if (chunk.byteLength === 0 || output.write(chunk)) return
    await drained(output)
  }
  return {
    output,
    async add(entry, content) {
      const size = entry.type === 'file' ? (entry.sizeBytes ?? 0) : 0
      await write(encodeTarHeader(entry))
      let written = 0
      if (content !== undefined && size > 0) {
        for await (const chunk of content instanceof Uint8Array ? [content] : content) {
          written += chunk.byteLength
          if (written > size) break
          await write(chunk)
        }
      }
      if (written !== size) throw new Error(`${entry.name}: ${written} bytes where ${size} were announced`)
      await write(endBlocks.subarray(0, paddingBytes(size)))
    },
    raw: write,
    finish(options = {}) {
      if (options.bare === true) output.end()
      else output.end(endBlocks)
    },
    fail(error) {
      output.destroy(error)
    },
  }
}

function drained(output: PassThrough): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      output.off('drain', settle)
      output.off('close', settle)
      if (output.destroyed) reject(new Error('the reader of the archive is gone'))
      else resolve()
    }
    output.on('drain', settle)
    output.on('close', settle)
  })
}

const emptyFields: HeaderBlock = {
  nameKey: '',
  linkKey: '',
  typeFlag: 0,
  mode: 0,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  mtimeSeconds: 0,
  userName: '',
  groupName: '',
  deviceMajor: 0,
  deviceMinor: 0,
  gnu: false,
}

function onlyAscii(text = ''): string {
  return isAscii(text) ? text : ''
}

function blockFields(entry: TarEntryOptions, nameKey: string, linkKey: string): HeaderBlock {
  const fit = (value: number | undefined, max: number): number => (value === undefined || value > max ? 0 : value)
  const seconds = entry.mtime?.seconds ?? 0
  return {
    nameKey: isAscii(nameKey) ? nameKey : asciiOf(nameKey),
    linkKey: isAscii(linkKey) ? linkKey : asciiOf(linkKey),
    typeFlag: typeFlagOf(entry.type),
    mode: entry.mode ?? 0,
    uid: fit(entry.uid, octal7),
    gid: fit(entry.gid, octal7),
    sizeBytes: 0,
    mtimeSeconds: seconds > octal11 ? 0 : seconds,
    userName: onlyAscii(entry.userName),
    groupName: onlyAscii(entry.groupName),
    deviceMajor: fit(entry.deviceMajor, octal7),
    deviceMinor: fit(entry.deviceMinor, octal7),
    gnu: false,
  }
}

function fitsBlock(time: TarTime): boolean {
  return time.nanos === 0 && time.seconds >= 0 && time.seconds <= octal11
}

/** The records that the block cannot carry, sorted by key as Go sorts them. */
function paxRecordsFor(entry: TarEntryOptions, nameKey: string, linkKey: string): [string, string][] {
  const records: [string, string][] = []
  if (!isAscii(nameKey) || !splitName(nameKey).whole) records.push(['path', nameKey])
  if (!isAscii(linkKey) || linkKey.length > 100) records.push(['linkpath', linkKey])
  const large = (key: string, value: number | undefined, max: number): void => {
    if (value !== undefined && value > max) records.push([key, String(value)])
  }
  if (entry.type === 'file') large('size', entry.sizeBytes, octal11)
  large('uid', entry.uid, octal7)
  large('gid', entry.gid, octal7)
  if (entry.mtime !== undefined && !fitsBlock(entry.mtime)) records.push(['mtime', formatPaxTime(entry.mtime)])
  for (const [name, value] of entry.attributes ?? [])
    records.push([`SCHILY.xattr.${name}`, Buffer.from(value).toString('latin1')])
  return records.length < 2 ? records : records.sort(([a], [b]) => (a < b ? -1 : 1))
}

function directoryName(nameKey: string, type: TarEntryType): string {
  return type === 'directory' && !nameKey.endsWith('/') ? `${nameKey}/` : nameKey
}

function paxName(nameKey: string): string {
  const trimmed = nameKey.replace(/\/+$/, '')
  const slash = trimmed.lastIndexOf('/')
  const name = asciiOf(`${slash < 0 ? '' : trimmed.slice(0, slash + 1)}PaxHeaders.0/${trimmed.slice(slash + 1)}`)
  return splitName(name).whole ? name : name.slice(0, 100)
}

function isAscii(key: string): boolean {
  for (let at = 0; at < key.length; at += 1) if (key.charCodeAt(at) > 0x7f) return false
  return true
}

function asciiOf(key: string): string {
  return isAscii(key) ? key : Buffer.from(Buffer.from(key, 'latin1').filter((byte) => byte < 0x80)).toString('latin1')
}
