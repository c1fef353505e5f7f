/**
 * Reads a tar stream (v7, ustar, GNU, PAX, sparse files) entry by entry, bounded by limits, holding one chunk.
 * Field precedence and refusals follow Go's archive/tar, which the stock Docker client and daemon use.
 */
import { ByteSource } from './byte-source.ts'
import { parsePax, parsePaxTime } from './pax-records.ts'
import type { PaxRecords } from './pax-records.ts'
import { blockBytes, decodeHeaderBlock, entryTypeOf, isZeroBlock, textOfKey } from './tar-header.ts'
import type { HeaderBlock, TarHeader, TarTime } from './tar-header.ts'
import { defaultTarLimits, invalidHeader, overLimit, unexpectedEnd } from './tar-limits.ts'
import type { TarLimits } from './tar-limits.ts'
import {
  checkSparseMap,
  hasSparseExtension,
  paxSparse,
  readBodyMap,
  readGnuParts,
  readGnuRealSize,
} from './tar-sparse.ts'
import type { SparseMap, SparsePart } from './tar-sparse.ts'

export interface TarEntry {
  readonly header: TarHeader
  /** The raw bytes since the previous body's last byte: padding, extension headers, this header. */
  readonly preamble: Buffer
  /** Bytes the archive stores for it; differs from `header.sizeBytes` for a sparse file only. */
  readonly storedBytes: number
  /** The content, holes as zeros. May be left unread; valid until the next entry is asked for. */
  readonly body: AsyncIterable<Uint8Array>
}

/** State of the entry being read; replaced by the next. */
interface Current {
  readonly sparse: SparseMap | undefined
  /** Stored bytes not read yet, and padding behind them. */
  stored: number
  padding: number
}

const zeros = Buffer.alloc(64 * 1024)

/** A pull reader; `readTar` is its usual face. */
export class TarReader implements AsyncDisposable {
  readonly #source: ByteSource
  readonly #limits: TarLimits
  readonly #onSparseStored: ((chunk: Buffer) => void) | undefined
  #current: Current | undefined
  #preamble: Buffer[] = []
  #entries = 0
  #totalBytes = 0
  #sparseBytes = 0

  /** `onSparseStored` sees the raw stored bytes of sparse files as they are read. */
  constructor(
    source: AsyncIterable<Uint8Array>,
    limits: TarLimits = defaultTarLimits,
    onSparseStored?: (chunk: Buffer) => void,
  ) {
    this.#source = new ByteSource(source)
    this.#limits = limits
    this.#onSparseStored = onSparseStored
  }

  /** The next entry; undefined at the archive's end. Throws `invalid` for a damaged or oversized archive. */
  async next(): Promise<TarEntry | undefined> {
    await this.#finishCurrent()
    let longName: string | undefined
    let longLink: string | undefined
    let pax: PaxRecords = []
    let extensionBytes = 0
    for (;;) {
      const block = await this.#headerBlock()
      if (block === undefined) return undefined
      const fields = decodeHeaderBlock(block)
      if (fields === undefined) throw invalidHeader()
      const flag = String.fromCharCode(fields.typeFlag)
      if (flag !== 'x' && flag !== 'g' && flag !== 'L' && flag !== 'K')
        return await this.#entry(block, fields, { longName, longLink, pax })
      extensionBytes += fields.sizeBytes
      if (extensionBytes > this.#limits.headerBytesMax)
        throw overLimit("an entry's header is too long", this.#limits.headerBytesMax)
      const payload = await this.#extension(fields.sizeBytes)
      if (flag === 'x') pax = parsePax(payload)
      else if (flag === 'L') longName = cString(payload)
      else if (flag === 'K') longLink = cString(payload)
    }
  }

  /** After the end: raw bytes from the last body on (padding, end blocks and whatever follows). */
  async *trailer(): AsyncIterable<Buffer> {
    yield* this.#preamble
    this.#preamble = []
    for (
      let chunk = await this.#source.take(zeros.length);
      chunk !== undefined;
      chunk = await this.#source.take(zeros.length)
    )
      yield chunk
  }

  /** The current entry's content that is already here, at most one chunk; undefined when waiting is needed. Not for sparse files. */
  takeReady(): Buffer | undefined {
    const current = this.#current
    if (current === undefined || current.stored === 0) return undefined
    const chunk = this.#source.takeReady(current.stored)
    if (chunk !== undefined) current.stored -= chunk.length
    return chunk
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#source[Symbol.asyncDispose]()
  }

  async #entry(
    block: Buffer,
    fields: HeaderBlock,
    extra: { longName: string | undefined; longLink: string | undefined; pax: PaxRecords },
  ): Promise<TarEntry> {
    this.#entries += 1
    if (this.#entries > this.#limits.entriesMax) throw overLimit('too many entries', this.#limits.entriesMax)
    const header = applyExtensions(fields, extra)
    const sparse = await this.#sparseMap(block, header.sizeBytes, { header, pax: extra.pax })
    const storedBytes = header.type === 'file' || header.type === 'unknown' ? header.sizeBytes : 0
    const current: Current = {
      sparse: sparse?.map,
      stored: storedBytes - (sparse?.bodyMapBytes ?? 0),
      padding: paddingOf(storedBytes),
    }
    const whole: TarHeader =
      sparse === undefined
        ? { ...header, sizeBytes: storedBytes }
        : { ...header, ...sparse.renamed, sparse: true, sizeBytes: sparse.map.realSizeBytes }
    this.#charge(whole)
    const preamble = this.#preamble.length === 1 ? this.#preamble[0] : undefined
    const entry: TarEntry = {
      header: whole,
      preamble: preamble ?? Buffer.concat(this.#preamble),
      storedBytes,
      body: this.#body(current),
    }
    this.#preamble = []
    this.#current = current
    return entry
  }

  #charge(header: TarHeader): void {
    const { nameBytesMax, totalBytesMax, sparseBytesMax } = this.#limits
    if (header.nameKey.length > nameBytesMax || header.linkKey.length > nameBytesMax)
      throw overLimit('a path is too long', nameBytesMax)
    this.#totalBytes += header.sizeBytes
    if (this.#totalBytes > totalBytesMax) throw overLimit('its contents are too large', totalBytesMax)
    if (!header.sparse) return
    this.#sparseBytes += header.sizeBytes
    if (this.#sparseBytes > sparseBytesMax) throw overLimit('its sparse files are too large', sparseBytesMax)
  }

  async #sparseMap(
    block: Buffer,
    storedBytes: number,
    about: { header: TarHeader; pax: PaxRecords },
  ): Promise<{ map: SparseMap; bodyMapBytes: number; renamed: Partial<TarHeader> } | undefined> {
    if (about.header.typeFlag === 0x53) {
      const parts = readGnuParts(block, false)
      for (let more = hasSparseExtension(block, false); more;) {
        const extension = await this.#preambleBlock()
        parts.push(...readGnuParts(extension, true))
        more = hasSparseExtension(extension, true)
        if (parts.length * 24 > this.#limits.headerBytesMax)
          throw overLimit('a sparse map is too long', this.#limits.headerBytesMax)
      }
      return {
        map: checkSparseMap({ realSizeBytes: readGnuRealSize(block), parts }, storedBytes),
        bodyMapBytes: 0,
        renamed: {},
      }
    }
    const pax = about.header.type === 'file' ? paxSparse(about.pax) : undefined
    if (pax === undefined) return undefined
    const renamed = pax.name === undefined ? {} : { name: textOfKey(pax.name), nameKey: pax.name }
    const { parts, blocks } =
      pax.parts === 'inBody' ? await this.#bodyMap(storedBytes) : { parts: pax.parts, blocks: 0 }
    return {
      map: checkSparseMap({ realSizeBytes: pax.realSizeBytes, parts }, storedBytes - blocks * blockBytes),
      bodyMapBytes: blocks * blockBytes,
      renamed,
    }
  }

  async #bodyMap(storedBytes: number): Promise<{ parts: SparsePart[]; blocks: number }> {
    let left = storedBytes
    return await readBodyMap(async () => {
      left -= blockBytes
      if (left < 0) throw invalidHeader()
      const block = await this.#source.takeExact(blockBytes)
      if (block.length < blockBytes) throw unexpectedEnd()
      this.#onSparseStored?.(block)
      return block
    })
  }

  /** A header block, or undefined at the end: two zero blocks, or nothing more. */
  async #headerBlock(): Promise<Buffer | undefined> {
    const block = this.#source.takeExactReady(blockBytes) ?? (await this.#source.takeExact(blockBytes))
    if (block.length > 0) this.#preamble.push(block)
    if (block.length === 0) return undefined
    if (block.length < blockBytes) throw unexpectedEnd()
    if (block[0] !== 0 || !isZeroBlock(block)) return block
    const second = await this.#source.takeExact(blockBytes)
    if (second.length > 0) this.#preamble.push(second)
    if (second.length === 0) return undefined
    if (second.length < blockBytes || !isZeroBlock(second)) throw invalidHeader()
    return undefined
  }

  async #preambleBlock(): Promise<Buffer> {
    const block = await this.#source.takeExact(blockBytes)
    if (block.length < blockBytes) throw unexpectedEnd()
    this.#preamble.push(block)
    return block
  }

  async #extension(sizeBytes: number): Promise<Buffer> {
    const padded = sizeBytes + paddingOf(sizeBytes)
    const payload = await this.#source.takeExact(padded)
    if (payload.length < padded) throw unexpectedEnd()
    this.#preamble.push(payload)
    return payload.subarray(0, sizeBytes)
  }

  async #finishCurrent(): Promise<void> {
    const current = this.#current
    if (current === undefined) return
    while (current.stored > 0) {
      const chunk = this.takeReady() ?? (await this.#stored(current))
      if (current.sparse !== undefined) this.#onSparseStored?.(chunk)
    }
    this.#current = undefined
    if (current.padding === 0) return
    const padding = this.#source.takeExactReady(current.padding) ?? (await this.#source.takeExact(current.padding))
    if (padding.length > 0) this.#preamble.push(padding)
    if (padding.length < current.padding && padding.length > 0) throw unexpectedEnd()
  }

  async #stored(current: Current, max: number = current.stored): Promise<Buffer> {
    const chunk = await this.#source.take(Math.min(max, current.stored))
    if (chunk === undefined) throw unexpectedEnd()
    current.stored -= chunk.length
    return chunk
  }

  async *#body(current: Current): AsyncIterable<Uint8Array> {
    if (current.sparse !== undefined) {
      yield* this.#sparseBody(current, current.sparse)
      return
    }
    while (current.stored > 0) {
      if (this.#current !== current) throw new Error('body read after the next entry was asked for')
      yield this.takeReady() ?? (await this.#stored(current))
    }
  }

  async *#sparseBody(current: Current, map: SparseMap): AsyncIterable<Uint8Array> {
    let at = 0
    for (const { offset, length } of [...map.parts, { offset: map.realSizeBytes, length: 0 }]) {
      for (; at < offset; at += Math.min(zeros.length, offset - at))
        yield zeros.subarray(0, Math.min(zeros.length, offset - at))
      for (let left = length; left > 0;) {
        const chunk = await this.#stored(current, left)
        this.#onSparseStored?.(chunk)
        left -= chunk.length
        at += chunk.length
        yield chunk
      }
    }
  }
}

/** The entries of a tar stream; ends the source when left early. */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  limits: TarLimits = defaultTarLimits,
): AsyncGenerator<TarEntry, void, undefined> {
  await using reader = new TarReader(source, limits)
  for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) yield entry
}

function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}

function cString(payload: Buffer): string {
  const end = payload.indexOf(0)
  return payload.toString('latin1', 0, end < 0 ? payload.length : end)
}

const attributePrefix = 'SCHILY.xattr.'
const noRecords: ReadonlyMap<string, string> = new Map()
const noAttributes: ReadonlyMap<string, Uint8Array> = new Map()

function applyExtensions(
  fields: HeaderBlock,
  extra: { longName: string | undefined; longLink: string | undefined; pax: PaxRecords },
): TarHeader {
  const records = extra.pax.length === 0 ? noRecords : new Map(extra.pax)
  const nameKey = records.get('path') ?? extra.longName ?? fields.nameKey
  const linkKey = records.get('linkpath') ?? extra.longLink ?? fields.linkKey
  if (nameKey.includes('\0') || linkKey.includes('\0')) throw invalidHeader()
  return {
    name: textOfKey(nameKey),
    nameKey,
    type: entryTypeOf(fields.typeFlag, nameKey),
    typeFlag: fields.typeFlag,
    linkName: textOfKey(linkKey),
    linkKey,
    mode: fields.mode,
    uid: paxInteger(records.get('uid'), fields.uid),
    gid: paxInteger(records.get('gid'), fields.gid),
    sizeBytes: paxInteger(records.get('size'), fields.sizeBytes),
    mtime: paxTime(records.get('mtime')) ?? { seconds: fields.mtimeSeconds, nanos: 0 },
    userName: textOfKey(records.get('uname') ?? fields.userName),
    groupName: textOfKey(records.get('gname') ?? fields.groupName),
    deviceMajor: fields.deviceMajor,
    deviceMinor: fields.deviceMinor,
    attributes: records === noRecords ? noAttributes : attributesOf(records),
    sparse: false,
  }
}

function attributesOf(records: ReadonlyMap<string, string>): ReadonlyMap<string, Uint8Array> {
  const attributes = new Map<string, Uint8Array>()
  for (const [key, value] of records)
    if (key.startsWith(attributePrefix)) attributes.set(key.slice(attributePrefix.length), Buffer.from(value, 'latin1'))
  return attributes
}

/** The record's number, else the header block's. */
function paxInteger(text: string | undefined, otherwise: number): number {
  if (text === undefined || text === '') return otherwise
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(Number(text))) throw invalidHeader()
  return Number(text)
}

function paxTime(text: string | undefined): TarTime | undefined {
  if (text === undefined || text === '') return undefined
  const time = parsePaxTime(text)
  if (time === undefined) throw invalidHeader()
  return time
}
