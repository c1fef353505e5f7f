/** Streams a local folder or file as a tar archive. */
import type { Files, FileStat } from '#world/ports/files.ts'
import { tarEnd, tarHeader, tarPadding } from './tar-writer.ts'
import type { TarEntry } from './tar-writer.ts'

export interface TreeOptions {
  /** Name of the root in the archive; '' puts its content at the top. */
  readonly name: string
  /** False leaves an entry out; a folder left out is not entered unless `enters` says so. */
  readonly includes?: (path: string, directory: boolean) => boolean
  readonly enters?: (path: string) => boolean
  /** Owner of every entry; left out: as on disk. */
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** Follow a symlink at the root. */
  readonly follow?: boolean
}

/** Entries of the tree at `root`, in order of names, without the end of the archive. */
export async function* tarTree(files: Files, root: string, options: TreeOptions): AsyncGenerator<Uint8Array, void> {
  const stat = options.follow === true ? await files.stat(root) : await files.lstat(root)
  if (stat.type !== 'directory') {
    yield* tarEntry(files, root, { stat, name: options.name, options })
    return
  }
  if (options.name !== '') yield* tarEntry(files, root, { stat, name: options.name, options })
  yield* tarFolder(files, root, { path: '', options })
}

async function* tarFolder(
  files: Files,
  root: string,
  { path, options }: { readonly path: string; readonly options: TreeOptions },
): AsyncGenerator<Uint8Array, void> {
  const entries = (await files.list(path === '' ? root : `${root}/${path}`)).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )
  for (const entry of entries) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`
    const directory = entry.type === 'directory'
    const included = options.includes?.(below, directory) ?? true
    if (included) {
      const stat = await files.lstat(`${root}/${below}`)
      yield* tarEntry(files, `${root}/${below}`, {
        stat,
        name: options.name === '' ? below : `${options.name}/${below}`,
        options,
      })
    }
    if (directory && (included || options.enters?.(below) === true))
      yield* tarFolder(files, root, { path: below, options })
  }
}

const deviceTypes: Readonly<Record<string, TarEntry['type']>> = {
  file: 'file',
  directory: 'directory',
  symlink: 'symlink',
  fifo: 'fifo',
  character: 'character',
  block: 'block',
}

async function* tarEntry(
  files: Files,
  path: string,
  { stat, name, options }: { readonly stat: FileStat; readonly name: string; readonly options: TreeOptions },
): AsyncGenerator<Uint8Array, void> {
  const type = deviceTypes[stat.type]
  if (type === undefined) return
  const sizeBytes = type === 'file' ? stat.sizeBytes : 0
  const owner = options.owner ?? stat
  yield tarHeader({
    name: type === 'directory' ? `${name}/` : name,
    type,
    mode: type === 'symlink' ? 0o777 : stat.mode,
    uid: owner.uid,
    gid: owner.gid,
    mtimeMs: stat.mtimeMs,
    sizeBytes,
    ...(type === 'symlink' ? { linkTarget: await files.readLink(path) } : {}),
    ...(type === 'character' || type === 'block' ? deviceNumbers(stat.rdev) : {}),
  })
  if (sizeBytes > 0) yield* tarContent(files, path, sizeBytes)
}

function deviceNumbers(device: number): { readonly major: number; readonly minor: number } {
  return { major: (device >> 8) & 0xfff, minor: (device & 0xff) | ((device >> 12) & 0xfff00) }
}

async function* tarContent(files: Files, path: string, sizeBytes: number): AsyncGenerator<Uint8Array, void> {
  let left = sizeBytes
  for await (const chunk of files.readStream(path, { end: sizeBytes, chunkBytes: 256 * 1024 })) {
    const part = (chunk as Uint8Array).subarray(0, left)
    left -= part.length
    yield part
  }
  // A file that shrank meanwhile is filled up: the header already promised its size.
  while (left > 0) {
    const part = Buffer.alloc(Math.min(left, 65_536))
    left -= part.length
    yield part
  }
  yield tarPadding(sizeBytes)
}

/** One file from memory. */
export function tarFile(name: string, content: Uint8Array): readonly Uint8Array[] {
  return [
    tarHeader({ name, type: 'file', mode: 0o600, uid: 0, gid: 0, mtimeMs: 0, sizeBytes: content.length }),
    content,
    tarPadding(content.length),
  ]
}

/** Parts of an archive one after the other, and its end. */
export async function* tarParts(
  ...parts: readonly (AsyncIterable<Uint8Array> | Iterable<Uint8Array>)[]
): AsyncGenerator<Uint8Array, void> {
  for (const part of parts) yield* part
  yield tarEnd
}
