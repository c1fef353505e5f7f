/**
 * Content keys of COPY and ADD: what is copied decides, never when it was written. A file counts with its name, type,
 * permissions, data (and owner, where the copy keeps it); a directory with everything below it.
 */
import { createDigestStream, digestHex, digestOf } from '#base/data/digest.ts'
import type { Files, FileStat } from '#world/ports/files.ts'

export interface HashOptions {
  readonly files: Files
  /** A place that stays what it is while this runs; not followed. */
  readonly path: string
  /** Name that counts. */
  readonly name: string
  readonly withOwner: boolean
  readonly signal: AbortSignal
}

const chunkBytes = 1024 * 1024

/** `file:<hex>` of anything but a directory, `dir:<hex>` of a directory. */
export async function hashSource(options: HashOptions): Promise<string> {
  const stat = await options.files.lstat(options.path)
  if (stat.type !== 'directory') return `file:${await hashEntry(options, stat)}`
  const hashes: string[] = []
  await hashChildren({ ...options, name: '' }, hashes)
  return combineHashes('dir', hashes)
}

/** One key for several, in order: `multi:<hex>`. */
export function combineHashes(kind: string, hashes: readonly string[]): string {
  return `${kind}:${digestHex(digestOf(hashes.join(',')))}`
}

async function hashChildren(options: HashOptions, hashes: string[]): Promise<void> {
  const entries = await options.files.list(options.path)
  for (const { name } of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    options.signal.throwIfAborted()
    const child = {
      ...options,
      path: `${options.path}/${name}`,
      name: options.name === '' ? name : `${options.name}/${name}`,
    }
    const stat = await options.files.lstat(child.path)
    hashes.push(await hashEntry(child, stat))
    if (stat.type === 'directory') await hashChildren(child, hashes)
  }
}

async function hashEntry(options: HashOptions, stat: FileStat): Promise<string> {
  const { files, path, name, withOwner } = options
  const link = stat.type === 'symlink' ? await files.readLink(path) : ''
  const owner = withOwner ? [stat.uid, stat.gid] : []
  const device = stat.type === 'character' || stat.type === 'block' ? stat.rdev : 0
  const size = stat.type === 'file' ? stat.sizeBytes : 0
  const digest = createDigestStream()
  digest.update(`${JSON.stringify([name, stat.type, stat.mode, size, link, device, ...owner])}\n`)
  if (stat.type === 'file') await feed(options, size, (chunk) => digest.update(chunk))
  return digestHex(digest.finish())
}

async function feed(
  { files, path, signal }: HashOptions,
  sizeBytes: number,
  take: (chunk: Uint8Array) => void,
): Promise<void> {
  if (sizeBytes <= chunkBytes) {
    take(await files.read(path, { maxBytes: chunkBytes }))
    return
  }
  await using file = await files.open(path, 'r')
  const buffer = Buffer.allocUnsafe(chunkBytes)
  for (let count = await file.read(buffer, null); count > 0; count = await file.read(buffer, null)) {
    signal.throwIfAborted()
    take(buffer.subarray(0, count))
  }
}
