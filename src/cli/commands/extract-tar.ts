/**
 * Unpacks an archive that a container's files made: hostile until checked. The root entry is renamed to the target;
 * names are resolved without links, links are made last so that nothing is written through one.
 */
import { failure } from '#cli/docker/exit.ts'
import type { Files } from '#world/ports/files.ts'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'

interface Header {
  readonly name: string
  readonly flag: string
  readonly sizeBytes: number
  readonly mode: number
  readonly mtimeMs: number
  readonly link: string
}

/** Reads an archive's bytes in the sizes asked for. */
class Blocks {
  private buffer = Buffer.alloc(0)
  totalBytes = 0
  private readonly source: AsyncIterator<Uint8Array>

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]()
  }

  private async fill(): Promise<boolean> {
    const next = await this.source.next()
    if (next.done === true) return false
    this.totalBytes += next.value.length
    this.buffer = this.buffer.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.buffer, next.value])
    return true
  }

  async take(sizeBytes: number): Promise<Buffer | undefined> {
    while (this.buffer.length < sizeBytes) if (!(await this.fill())) return undefined
    const out = this.buffer.subarray(0, sizeBytes)
    this.buffer = this.buffer.subarray(sizeBytes)
    return out
  }

  /** Up to `limit` bytes. */
  async *content(limit: number): AsyncGenerator<Uint8Array, void> {
    let left = limit
    while (left > 0) {
      if (this.buffer.length === 0 && !(await this.fill())) throw failure('unexpected EOF')
      const part = this.buffer.subarray(0, left)
      this.buffer = this.buffer.subarray(part.length)
      left -= part.length
      yield part
    }
  }
}

const metadataBytesMax = 1024 * 1024

/** Unpacks `source` so that its root entry becomes `target` (or, with `keepRoot`, lies in it); resolves to the archive's size. */
export async function extractTar(
  files: Files,
  source: AsyncIterable<Uint8Array>,
  { target, keepRoot = false }: { readonly target: string; readonly keepRoot?: boolean },
): Promise<number> {
  const blocks = new Blocks(source)
  const later: Later = { links: [], folders: [] }
  const place = (name: string): string => [target, ...cleanParts(name).slice(keepRoot ? 0 : 1)].join('/')
  for (let header = await readHeader(blocks); header !== undefined; header = await readHeader(blocks)) {
    const path = place(header.name)
    if (header.flag === '0' || header.flag === '\0' || header.flag === '') {
      await writeFile(files, path, { header, blocks })
      continue
    }
    if (header.flag === '5') {
      await files.makeDirectory(path, { recursive: true })
      later.folders.push({ path, mode: header.mode, mtimeMs: header.mtimeMs })
    } else if (header.flag === '2') later.links.push({ path, link: header.link, hard: false })
    else if (header.flag === '1') later.links.push({ path, link: place(header.link), hard: true })
    await skip(blocks, header.sizeBytes)
  }
  await finish(files, later)
  return blocks.totalBytes
}

/** What waits for the end of the archive: nothing may be written through a link, nor into a folder that lost its mode. */
interface Later {
  readonly links: { readonly path: string; readonly link: string; readonly hard: boolean }[]
  readonly folders: { readonly path: string; readonly mode: number; readonly mtimeMs: number }[]
}

async function finish(files: Files, { links, folders }: Later): Promise<void> {
  for (const { path, link, hard } of links) {
    await files.remove(path, { force: true })
    await (hard ? files.link(link, path) : files.symlink(link, path))
  }
  for (const { path, mode, mtimeMs } of folders.toReversed()) {
    await files.chmod(path, mode)
    await files.setTimes(path, mtimeMs)
  }
}

async function writeFile(
  files: Files,
  path: string,
  { header, blocks }: { readonly header: Header; readonly blocks: Blocks },
): Promise<void> {
  await files.makeDirectory(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true })
  const there = await files.lstat(path).catch(() => undefined)
  if (there !== undefined && there.type === 'directory')
    throw failure(`cannot overwrite directory "${path}" with non-directory`)
  if (there !== undefined) await files.remove(path, { force: true })
  await pipeline(
    Readable.from(blocks.content(header.sizeBytes), { objectMode: false }),
    files.writeStream(path, { mode: header.mode & 0o7777, exclusive: true }),
  )
  await skip(blocks, 0, header.sizeBytes)
  await files.chmod(path, header.mode & 0o7777)
  await files.setTimes(path, header.mtimeMs)
}

async function skip(blocks: Blocks, sizeBytes: number, ended = sizeBytes): Promise<void> {
  for await (const part of blocks.content(sizeBytes)) void part
  await blocks.take((512 - (ended % 512)) % 512)
}

/** The names along a path; `..` never leaves the top. */
function cleanParts(name: string): readonly string[] {
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') throw failure(`invalid name in archive: ${name}`)
    parts.push(part)
  }
  return parts
}

async function readHeader(blocks: Blocks): Promise<Header | undefined> {
  const extra = new Map<string, string>()
  for (;;) {
    const block = await blocks.take(512)
    if (block === undefined || block.every((byte) => byte === 0)) return undefined
    const header = parseHeader(block, extra)
    if (!'xgLK'.includes(header.flag) || header.flag === '') return header
    if (header.sizeBytes > metadataBytesMax) throw failure('header of the archive is too large')
    const body = (await blocks.take(header.sizeBytes)) ?? Buffer.alloc(0)
    await blocks.take((512 - (header.sizeBytes % 512)) % 512)
    if (header.flag === 'L') extra.set('path', text(body, 0, body.length))
    else if (header.flag === 'K') extra.set('linkpath', text(body, 0, body.length))
    else if (header.flag === 'x') readPax(body, extra)
  }
}

function readPax(body: Buffer, into: Map<string, string>): void {
  let at = 0
  while (at < body.length) {
    const space = body.indexOf(0x20, at)
    const length = Number(body.toString('latin1', at, space))
    if (space < 0 || !(length > 0)) return
    const record = body.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    into.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
}

function text(block: Buffer, start: number, size: number): string {
  const part = block.subarray(start, start + size)
  const end = part.indexOf(0)
  return part.toString('utf8', 0, end < 0 ? part.length : end)
}

function octal(block: Buffer, start: number, size: number): number {
  if (((block[start] ?? 0) & 0x80) !== 0) return Number(BigInt(`0x${block.toString('hex', start + 1, start + size)}`))
  return Number.parseInt(text(block, start, size).trim() || '0', 8)
}

function parseHeader(block: Buffer, extra: ReadonlyMap<string, string>): Header {
  const prefix = text(block, 257, 5) === 'ustar' && text(block, 263, 2) === '00' ? text(block, 345, 155) : ''
  const name = text(block, 0, 100)
  return {
    name: extra.get('path') ?? (prefix === '' ? name : `${prefix}/${name}`),
    flag: text(block, 156, 1),
    sizeBytes: Number(extra.get('size') ?? octal(block, 124, 12)),
    mode: octal(block, 100, 8),
    mtimeMs: Number(extra.get('mtime') ?? octal(block, 136, 12)) * 1000,
    link: extra.get('linkpath') ?? text(block, 157, 100),
  }
}
