/**
 * A filesystem in memory that can fail: a disk that fills up, and a crash at any chosen effect, after which nothing more
 * happens. `left()` shows what a machine would find after it.
 */
import { Readable, Writable } from 'node:stream'
import { dirname } from 'node:path'
import type { Clock } from '#world/ports/clock.ts'
import type { DirectoryEntry, FileChange, Files, FileStat, OpenFile } from '#world/ports/files.ts'
import type { Random } from '#world/ports/random.ts'
import { FileTree, type Inode, systemError } from './file-tree.ts'

export interface SimFilesOptions {
  readonly clock: Clock
  readonly random: Random
  /** Bytes of file content that fit; no limit unless told. */
  readonly capacityBytes?: number
  /** Number of the effect (the first is 1) that does not happen any more, nor any after it. */
  readonly crashAtEffect?: number
  /** Start from what is left after a crash. */
  readonly from?: FileTree
}

export interface SimFiles extends Files {
  /** Effects (changes of the disk) so far. */
  readonly effects: number
  /** The disk as it is now, for `from`. */
  left(): FileTree
}

/** Creates a filesystem with `/` and `/tmp`. */
export function createSimFiles(options: SimFilesOptions): SimFiles {
  const disk = new Disk(options)
  if (options.from === undefined) disk.prepare()
  return disk.files()
}

type Flags = Parameters<Files['open']>[1]

class Disk {
  readonly #options: SimFilesOptions
  readonly #tree: FileTree
  readonly #watchers = new Set<{ readonly directory: string; readonly tell: (name: string) => void }>()
  #effects = 0
  #nextFd = 3

  constructor(options: SimFilesOptions) {
    this.#options = options
    this.#tree = options.from?.copy() ?? new FileTree(() => options.clock.now())
  }

  prepare(): void {
    this.#tree.link(this.#tree.place('/tmp', 'mkdir', true), this.#tree.make('directory', 0o777))
  }

  /** Counts an effect; once crashed, nothing happens any more. */
  #effect(path: string): void {
    this.#effects++
    const { crashAtEffect } = this.#options
    if (crashAtEffect !== undefined && this.#effects >= crashAtEffect) throw systemError('EIO', 'crashed', path)
    const name = path.split('/').findLast((part) => part !== '') ?? ''
    for (const watcher of this.#watchers) if (watcher.directory === dirname(path)) watcher.tell(name)
  }

  #room(path: string, moreBytes: number): void {
    const { capacityBytes } = this.#options
    if (capacityBytes === undefined || moreBytes <= 0) return
    if (this.#tree.usedBytes() + moreBytes > capacityBytes) throw systemError('ENOSPC', 'write', path)
  }

  #set(path: string, node: Inode, content: Buffer): void {
    if (node.type === 'directory') throw systemError('EISDIR', 'write', path)
    this.#room(path, content.length - node.content.length)
    this.#effect(path)
    node.content = content
    this.#tree.touch(node)
  }

  /** The file of a path, made when missing. */
  #file(
    path: string,
    {
      mode = 0o644,
      exclusive = false,
    }: { readonly mode?: number | undefined; readonly exclusive?: boolean | undefined } = {},
  ): Inode {
    const place = this.#tree.place(path, 'open', true)
    if (place.node !== undefined) {
      if (exclusive) throw systemError('EEXIST', 'open', path)
      return place.node
    }
    this.#effect(path)
    const node = this.#tree.make('file', mode & 0o7777)
    this.#tree.link(place, node)
    return node
  }

  #read(path: string, bytesMax: number | undefined): Buffer {
    const node = this.#tree.get(path, 'open')
    if (node.type === 'directory') throw systemError('EISDIR', 'read', path)
    if (bytesMax !== undefined && node.content.length > bytesMax) throw systemError('EFBIG', 'read', path)
    return Buffer.from(node.content)
  }

  #open(path: string, flags: Flags, mode: number | undefined): OpenFile {
    const makes = flags !== 'r' && flags !== 'r+'
    const node = makes ? this.#file(path, { mode, exclusive: flags === 'wx' }) : this.#tree.get(path, 'open')
    if (flags.startsWith('w')) this.#set(path, node, Buffer.alloc(0))
    let at = 0
    const ensureOpen = { closed: false }
    const check = (): void => {
      if (ensureOpen.closed) throw systemError('EBADF', 'read', path)
    }
    const close = async (): Promise<void> => {
      ensureOpen.closed = true
    }
    return {
      fd: this.#nextFd++,
      read: async (buffer, position) => {
        check()
        const start = position ?? at
        const count = start >= node.content.length ? 0 : node.content.copy(buffer, 0, start, start + buffer.length)
        if (position === null) at += count
        return count
      },
      write: async (chunk, position) => {
        check()
        if (flags === 'r') throw systemError('EBADF', 'write', path)
        const start = flags === 'a' ? node.content.length : (position ?? at)
        const whole = Buffer.alloc(Math.max(node.content.length, start + chunk.length))
        node.content.copy(whole)
        whole.set(chunk, start)
        this.#set(path, node, whole)
        if (position === null) at = start + chunk.length
        return chunk.length
      },
      stat: async () => this.#stat(node),
      sync: async () => check(),
      truncate: async (sizeBytes) => this.#truncate(path, node, sizeBytes),
      close,
      [Symbol.asyncDispose]: close,
    }
  }

  #truncate(path: string, node: Inode, sizeBytes: number): void {
    const whole = Buffer.alloc(sizeBytes)
    node.content.copy(whole)
    this.#set(path, node, whole)
  }

  #stat(node: Inode): FileStat {
    const { type, mode, uid, gid, content, mtimeMs, ctimeMs, ino, nlink, target } = node
    const sizeBytes = type === 'symlink' ? Buffer.byteLength(target) : content.length
    const blocks = Math.ceil(content.length / 512)
    return { type, mode, uid, gid, sizeBytes, mtimeMs, ctimeMs, dev: 1, ino, nlink, rdev: 0, blocks }
  }

  #makeDirectory(path: string, recursive: boolean, mode: number): void {
    const place = this.#tree.place(path, 'mkdir', true)
    if (place.node !== undefined) {
      if (recursive && place.node.type === 'directory') return
      throw systemError('EEXIST', 'mkdir', path)
    }
    this.#effect(path)
    this.#tree.link(place, this.#tree.make('directory', mode))
  }

  #makeDirectories(path: string, mode: number): void {
    const parts = path.split('/').filter((part) => part !== '')
    for (const index of parts.keys()) this.#makeDirectory(`/${parts.slice(0, index + 1).join('/')}`, true, mode)
  }

  #remove(
    path: string,
    { recursive = false, force = false }: { readonly recursive?: boolean; readonly force?: boolean },
  ): void {
    let place
    try {
      place = this.#tree.place(path, 'rm', false)
    } catch (error) {
      if (force) return
      throw error
    }
    if (place.node === undefined) {
      if (force) return
      throw systemError('ENOENT', 'rm', path)
    }
    if (place.node.type === 'directory' && place.node.entries.size > 0) {
      if (!recursive) throw systemError('ENOTEMPTY', 'rmdir', path)
      for (const name of [...place.node.entries.keys()])
        this.#remove(`${path.replace(/\/$/, '')}/${name}`, { recursive: true })
    }
    this.#effect(path)
    this.#tree.unlink(place)
  }

  #rename(from: string, to: string): void {
    const source = this.#tree.place(from, 'rename', false)
    if (source.node === undefined) throw systemError('ENOENT', 'rename', from)
    const target = this.#tree.place(to, 'rename', false)
    if (target.node === source.node) return
    if (target.node?.type === 'directory') {
      if (source.node.type !== 'directory') throw systemError('EISDIR', 'rename', to)
      if (target.node.entries.size > 0) throw systemError('ENOTEMPTY', 'rename', to)
    } else if (target.node !== undefined && source.node.type === 'directory') throw systemError('ENOTDIR', 'rename', to)
    this.#effect(to)
    this.#tree.unlink(target)
    this.#tree.unlink(source)
    source.node.nlink++
    this.#tree.link(target, source.node)
  }

  #add(path: string, node: Inode): void {
    const place = this.#tree.place(path, 'link', false)
    if (place.node !== undefined) throw systemError('EEXIST', 'link', path)
    this.#effect(path)
    this.#tree.link(place, node)
  }

  #change(path: string, node: Inode, change: (node: Inode) => void): void {
    this.#effect(path)
    change(node)
    node.ctimeMs = this.#options.clock.now()
  }

  #replace(path: string, content: Buffer, mode: number): void {
    const temporary = `${path}.${this.#options.random.below(2 ** 30).toString(36)}.tmp`
    this.#set(temporary, this.#file(temporary, { mode, exclusive: true }), content)
    this.#rename(temporary, path)
  }

  async *#watch(directory: string, signal: AbortSignal): AsyncGenerator<FileChange> {
    if (this.#tree.get(directory, 'watch').type !== 'directory') throw systemError('ENOTDIR', 'watch', directory)
    const names = new Set<string>()
    let wake: (() => void) | undefined
    const watcher = {
      directory,
      tell: (name: string) => {
        names.add(name)
        wake?.()
      },
    }
    this.#watchers.add(watcher)
    const onAbort = (): void => wake?.()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      while (!signal.aborted) {
        for (const name of [...names]) {
          names.delete(name)
          yield { name }
        }
        if (names.size > 0 || signal.aborted) continue
        await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      this.#watchers.delete(watcher)
      signal.removeEventListener('abort', onAbort)
    }
  }

  files(): SimFiles {
    const tree = this.#tree
    const effects = (): number => this.#effects
    return {
      get effects() {
        return effects()
      },
      left: () => tree.copy(),
      read: async (path, options) => this.#read(path, options?.maxBytes),
      readText: async (path, options) => this.#read(path, options?.maxBytes).toString('utf8'),
      write: async (path, content, options) => this.#set(path, this.#file(path, options), Buffer.from(content)),
      append: async (path, content) => {
        const node = this.#file(path)
        this.#set(path, node, Buffer.concat([node.content, Buffer.from(content)]))
      },
      replace: async (path, content, options) => this.#replace(path, Buffer.from(content), options?.mode ?? 0o644),
      open: async (path, flags, mode) => this.#open(path, flags, mode),
      readStream: (path, options) => this.#readStream(path, options),
      writeStream: (path, options) => this.#writeStream(path, options),
      makeDirectory: async (path, options) => {
        if (options?.recursive === true) this.#makeDirectories(path, options.mode ?? 0o755)
        else this.#makeDirectory(path, false, options?.mode ?? 0o755)
      },
      remove: async (path, options) => this.#remove(path, options ?? {}),
      rename: async (from, to) => this.#rename(from, to),
      link: async (existing, path) => {
        const node = tree.get(existing, 'link', false)
        if (node.type === 'directory') throw systemError('EPERM', 'link', existing)
        this.#add(path, node)
        node.nlink++
      },
      symlink: async (target, path) => this.#add(path, tree.make('symlink', 0o777, target)),
      readLink: async (path) => {
        const node = tree.get(path, 'readlink', false)
        if (node.type !== 'symlink') throw systemError('EINVAL', 'readlink', path)
        return node.target
      },
      realPath: async (path) => tree.realPath(path),
      stat: async (path) => this.#stat(tree.get(path, 'stat')),
      lstat: async (path) => this.#stat(tree.get(path, 'lstat', false)),
      exists: async (path) => {
        try {
          return tree.place(path, 'lstat', false).node !== undefined
        } catch {
          return false
        }
      },
      list: async (path) => this.#list(path),
      chmod: async (path, mode) => this.#change(path, tree.get(path, 'chmod'), (node) => (node.mode = mode & 0o7777)),
      chown: async (path, uid, gid) =>
        this.#change(path, tree.get(path, 'chown', false), (node) => Object.assign(node, { uid, gid })),
      setTimes: async (path, mtimeMs) =>
        this.#change(path, tree.get(path, 'utime', false), (node) => (node.mtimeMs = mtimeMs)),
      truncate: async (path, sizeBytes) => this.#truncate(path, tree.get(path, 'truncate'), sizeBytes),
      space: async (path) => {
        tree.get(path, 'statfs')
        const totalBytes = this.#options.capacityBytes ?? 2 ** 40
        return { freeBytes: Math.max(0, totalBytes - tree.usedBytes()), totalBytes, type: 0x0102_1994 }
      },
      writeFifo: async () => false,
      watch: (directory, signal) => this.#watch(directory, signal),
      temporaryDirectory: async (prefix) => {
        const path = `/tmp/${prefix}${this.#options.random.below(2 ** 30).toString(36)}`
        this.#makeDirectory(path, false, 0o700)
        return { path, [Symbol.asyncDispose]: async () => this.#remove(path, { recursive: true, force: true }) }
      },
    }
  }

  #list(path: string): DirectoryEntry[] {
    const node = this.#tree.get(path, 'scandir')
    if (node.type !== 'directory') throw systemError('ENOTDIR', 'scandir', path)
    return Array.from(node.entries, ([name, { type }]) => ({ name, type }))
  }

  #readStream(path: string, options: Parameters<Files['readStream']>[1] = {}): Readable {
    const { start = 0, end, chunkBytes = 1 << 16 } = options
    const chunksOf = (): Iterable<Buffer> => this.#chunks(this.#read(path, undefined).subarray(start, end), chunkBytes)
    return Readable.from(
      (async function* read() {
        yield* chunksOf()
      })(),
      { objectMode: false },
    )
  }

  *#chunks(content: Buffer, chunkBytes: number): Generator<Buffer> {
    for (let at = 0; at < content.length; at += chunkBytes) yield content.subarray(at, at + chunkBytes)
  }

  #writeStream(path: string, options: Parameters<Files['writeStream']>[1] = {}): Writable {
    let node: Inode | undefined
    return new Writable({
      construct: (done) =>
        settle(done, () => {
          node = this.#file(path, options)
          this.#set(path, node, Buffer.alloc(0))
        }),
      write: (chunk: Buffer, _encoding, done) =>
        settle(done, () => {
          if (node !== undefined) this.#set(path, node, Buffer.concat([node.content, chunk]))
        }),
    })
  }
}

function settle(done: (error?: Error | null) => void, act: () => void): void {
  try {
    act()
    done()
  } catch (error) {
    done(error as Error)
  }
}
