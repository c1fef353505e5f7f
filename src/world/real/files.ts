/** The machine's filesystem behind the Files port. */
import { constants, createReadStream, createWriteStream, promises as fs, watch as watchPath } from 'node:fs'
import type { Dirent, Stats } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { FileChange, Files, FileStat, FileType, OpenFile } from '#world/ports/files.ts'

function typeOf(entry: Stats | Dirent): FileType {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  if (entry.isSymbolicLink()) return 'symlink'
  if (entry.isCharacterDevice()) return 'character'
  if (entry.isBlockDevice()) return 'block'
  if (entry.isFIFO()) return 'fifo'
  return entry.isSocket() ? 'socket' : 'unknown'
}

function toStat(stats: Stats): FileStat {
  const { uid, gid, mtimeMs, ctimeMs, dev, ino, nlink, rdev, blocks } = stats
  return {
    type: typeOf(stats),
    mode: stats.mode & 0o7777,
    uid,
    gid,
    sizeBytes: stats.size,
    mtimeMs,
    ctimeMs,
    dev,
    ino,
    nlink,
    rdev,
    blocks,
  }
}

const firstPieceBytes = 8 * 1024
const pieceBytesMax = 1 << 20

/** Most files read whole are small, whatever their bound; what is asked of the memory grows with what comes. */
async function readBounded(path: string, maxBytes: number | undefined): Promise<Buffer> {
  if (maxBytes === undefined) return fs.readFile(path)
  const handle = await fs.open(path, 'r')
  try {
    const chunks: Buffer[] = []
    let total = 0
    for (let pieceBytes = firstPieceBytes; ; pieceBytes = Math.min(pieceBytes * 4, pieceBytesMax)) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, maxBytes + 1 - total))
      const { bytesRead } = await handle.read(piece, 0, piece.length, null)
      if (bytesRead === 0) return Buffer.concat(chunks, total)
      total += bytesRead
      if (total > maxBytes)
        throw new GantryError('FILE_TOO_LARGE', 'too-large', `${path} is larger than ${maxBytes} bytes`, {
          remedy: 'Look at the file: it is larger than it should be.',
        })
      chunks.push(piece.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
}

/** Writes beside the target and renames over it; with `durable` the file and its directory entry are synced. */
async function replaceFile(
  path: string,
  content: Uint8Array | string,
  options: { mode?: number; durable?: boolean },
): Promise<void> {
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`
  const handle = await fs.open(temporary, 'wx', options.mode ?? 0o644)
  try {
    await handle.writeFile(content)
    if (options.durable === true) await handle.sync()
    await handle.close()
    await fs.rename(temporary, path)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await fs.rm(temporary, { force: true })
    throw error
  }
  if (options.durable === true) {
    await using directory = await fs.open(dirname(path), 'r')
    await directory.sync()
  }
}

async function writeFifo(path: string, content: string): Promise<boolean> {
  try {
    await using handle = await fs.open(path, constants.O_WRONLY | constants.O_NONBLOCK)
    await handle.write(content)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENXIO' || errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

async function openFile(path: string, flags: string, mode: number | undefined): Promise<OpenFile> {
  const handle = await fs.open(path, flags, mode)
  return {
    fd: handle.fd,
    read: async (buffer, position) => (await handle.read(buffer, 0, buffer.byteLength, position)).bytesRead,
    write: async (chunk, position) => (await handle.write(chunk, 0, chunk.byteLength, position)).bytesWritten,
    stat: async () => toStat(await handle.stat()),
    sync: () => handle.sync(),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    close: () => handle.close(),
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

async function* watchDirectory(directory: string, signal: AbortSignal): AsyncGenerator<FileChange> {
  const pending = new Set<string>()
  let wake: (() => void) | undefined
  const watcher = watchPath(directory, (_event, name) => {
    if (name !== null) pending.add(name)
    wake?.()
  })
  const stop = (): void => {
    watcher.close()
    wake?.()
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    while (!signal.aborted) {
      for (const name of pending) {
        pending.delete(name)
        yield { name }
      }
      if (pending.size === 0 && !signal.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    signal.removeEventListener('abort', stop)
    watcher.close()
  }
}

const reading: Pick<
  Files,
  | 'read'
  | 'readText'
  | 'readStream'
  | 'readLink'
  | 'realPath'
  | 'stat'
  | 'lstat'
  | 'exists'
  | 'list'
  | 'space'
  | 'watch'
> = {
  read: (path, options) => readBounded(path, options?.maxBytes),
  readText: async (path, options) => (await readBounded(path, options?.maxBytes)).toString('utf8'),
  readStream: (path, options = {}) =>
    createReadStream(path, {
      highWaterMark: options.chunkBytes ?? 1 << 18,
      ...(options.start === undefined ? {} : { start: options.start }),
      // Node's `end` is inclusive.
      ...(options.end === undefined ? {} : { end: options.end - 1 }),
    }),
  readLink: (path) => fs.readlink(path),
  realPath: (path) => fs.realpath(path),
  stat: async (path) => toStat(await fs.stat(path)),
  lstat: async (path) => toStat(await fs.lstat(path)),
  exists: (path) =>
    fs.lstat(path).then(
      () => true,
      (error: unknown) => {
        if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false
        throw error
      },
    ),
  list: async (path) =>
    (await fs.readdir(path, { withFileTypes: true })).map((entry) => ({ name: entry.name, type: typeOf(entry) })),
  space: async (path) => {
    const { bavail, blocks, bsize, type } = await fs.statfs(path)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, type }
  },
  watch: watchDirectory,
}

const writing: Omit<Files, keyof typeof reading> = {
  write: (path, content, options = {}) =>
    fs.writeFile(path, content, { mode: options.mode ?? 0o644, flag: options.exclusive === true ? 'wx' : 'w' }),
  append: (path, content) => fs.appendFile(path, content),
  replace: (path, content, options = {}) => replaceFile(path, content, options),
  open: (path, flags, mode) => openFile(path, flags, mode),
  writeStream: (path, options = {}) =>
    createWriteStream(path, { mode: options.mode ?? 0o644, flags: options.exclusive === true ? 'wx' : 'w' }),
  makeDirectory: async (path, options = {}) => {
    await fs.mkdir(path, { recursive: options.recursive ?? false, mode: options.mode ?? 0o755 })
  },
  remove: (path, options = {}) =>
    options.recursive === true
      ? fs.rm(path, { recursive: true, force: options.force ?? false })
      : fs.unlink(path).catch((error: unknown) => {
          if (errnoOf(error) === 'EISDIR' || errnoOf(error) === 'EPERM') return fs.rmdir(path)
          if (errnoOf(error) !== 'ENOENT' || options.force !== true) throw error
          return undefined
        }),
  rename: (from, to) => fs.rename(from, to),
  link: (existing, path) => fs.link(existing, path),
  symlink: (target, path) => fs.symlink(target, path),
  chmod: (path, mode) => fs.chmod(path, mode),
  chown: (path, uid, gid) => fs.lchown(path, uid, gid),
  setTimes: (path, mtimeMs) => fs.lutimes(path, mtimeMs / 1000, mtimeMs / 1000),
  truncate: (path, sizeBytes) => fs.truncate(path, sizeBytes),
  writeFifo,
  temporaryDirectory: async (prefix) => {
    const path = await fs.mkdtemp(join(tmpdir(), prefix))
    return { path, [Symbol.asyncDispose]: () => fs.rm(path, { recursive: true, force: true }) }
  },
}

/** The real Files port. */
export function createFiles(): Files {
  return { ...reading, ...writing }
}
