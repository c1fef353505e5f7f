/**
 * Unpacks a client's tar into a directory of a container. The container may run and change things under our hands, and
 * the archive is a stranger's: each step goes from a directory that is held open to one name in it, and follows no link.
 */
import { writeAll } from '#world/ports/write-all.ts'
import { posix } from 'node:path'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import { readTar } from '#images/archive/read-tar.ts'
import type { TarEntry } from '#images/archive/read-tar.ts'
import type { TarHeader } from '#images/archive/tar-header.ts'
import type { TarLimits } from '#images/archive/tar-limits.ts'
import { goQuote } from '#base/data/go-quote.ts'
import type { RootedPath } from '#world/ports/kernel.ts'
import { removeTree } from './remove-tree.ts'
import type { RootAccess } from './resolve-path.ts'

export interface ExtractOptions {
  readonly root: string
  /** Directory to unpack in, resolved. */
  readonly directory: string
  /** Refuses to replace a directory by something else, and the other way round. */
  readonly keepKinds: boolean
  /** Owner of everything; undefined: as the archive says. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  readonly limits: TarLimits
  readonly signal: AbortSignal
}

const formats = { fifo: 0o010000, character: 0o020000, block: 0o060000 } as const

/** What the kernel says, in its own words. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'device or resource busy',
  EDQUOT: 'disk quota exceeded',
  EINVAL: 'invalid argument',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
}

/** A system error with the path as the container knows it; anything else as it is. */
function explain(error: unknown, path: string): unknown {
  const errno = errnoOf(error)
  if (errno === undefined) return error
  const kind = errno === 'EROFS' || errno === 'EPERM' ? 'forbidden' : errno === 'ENOTDIR' ? 'invalid' : 'internal'
  return new GantryError('ENGINE_EXTRACT', kind, `${path}: ${reasons[errno] ?? errno}`, { cause: error })
}

function refuse(message: string): GantryError {
  return new GantryError('ENGINE_ARCHIVE', 'invalid', message, { remedy: 'Send a tar archive.' })
}

/** A clean name relative to the directory; '' for the directory itself. @throws GantryError when it leads out. Pure. */
export function innerName(name: string): string {
  const clean = posix.normalize(name.replace(/^\/+/, '') || '.').replace(/\/$/, '')
  if (clean === '..' || clean.startsWith('../')) throw refuse(`${goQuote(name)} is outside of the archive's root`)
  return clean === '.' ? '' : clean
}

const parentOf = (name: string): string => (name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '')
const lastOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1)
const isZero = (chunk: Uint8Array): boolean => chunk.every((byte) => byte === 0)

class Extractor {
  readonly #access: RootAccess
  readonly #options: ExtractOptions
  readonly #directoryTimes = new Map<string, number>()

  constructor(access: RootAccess, options: ExtractOptions) {
    this.#access = access
    this.#options = options
  }

  async add(entry: TarEntry): Promise<void> {
    const { header } = entry
    const name = innerName(header.name)
    if (name === '') return
    try {
      using parent = await this.#openParent(parentOf(name))
      const place = `${parent.path}/${lastOf(name)}`
      if (await this.#makeRoom(parent, name, header)) await this.#create(entry, place)
      if (header.type !== 'hardlink') await this.#settle(header, { name, parent, place })
    } catch (error) {
      throw explain(error, posix.join(this.#options.directory, name))
    }
  }

  /** Times of directories come last: what is made inside changes them. */
  async finish(): Promise<void> {
    for (const [name, mtimeMs] of [...this.#directoryTimes].toReversed()) {
      try {
        using parent = this.#open(parentOf(name))
        await this.#access.files.setTimes(`${parent.path}/${lastOf(name)}`, mtimeMs)
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error
      }
    }
  }

  #open(name: string): RootedPath {
    return this.#access.kernel.openInRoot(this.#options.root, posix.join(this.#options.directory, name), {
      directory: true,
    })
  }

  async #openParent(name: string): Promise<RootedPath> {
    try {
      return this.#open(name)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || name === '') throw error
    }
    {
      using above = await this.#openParent(parentOf(name))
      const place = `${above.path}/${lastOf(name)}`
      await this.#access.files.makeDirectory(place, { mode: 0o755 })
      const { uid, gid } = this.#options.owner ?? { uid: 0, gid: 0 }
      await this.#access.files.chown(place, uid, gid)
    }
    return this.#open(name)
  }

  /** Takes away what is in the way. False when a directory is there already and a directory is wanted. */
  async #makeRoom(parent: RootedPath, name: string, header: TarHeader): Promise<boolean> {
    const { files } = this.#access
    const wanted = header.type === 'directory'
    let there: boolean
    try {
      there = (await files.lstat(`${parent.path}/${lastOf(name)}`)).type === 'directory'
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return true
      throw error
    }
    if (there && wanted) return false
    if (this.#options.keepKinds && there !== wanted) {
      const [old, fresh] = there ? ['directory', 'non-directory'] : ['non-directory', 'directory']
      const path = posix.join(this.#options.directory, name)
      throw refuse(`cannot overwrite ${old} ${goQuote(path)} with ${fresh} ${goQuote(this.#options.directory)}`)
    }
    await removeTree(this.#access, parent.path, lastOf(name))
    return true
  }

  async #create(entry: TarEntry, place: string): Promise<void> {
    const { header } = entry
    const { files, kernel } = this.#access
    switch (header.type) {
      case 'directory':
        return await files.makeDirectory(place, { mode: 0o700 })
      case 'file':
        return await this.#writeFile(entry, place)
      case 'symlink':
        return await files.symlink(header.linkName, place)
      case 'hardlink':
        return await this.#link(header, place)
      case 'fifo':
        return kernel.makeNode(place, formats.fifo | 0o600)
      case 'character':
      case 'block':
        return kernel.makeNode(place, formats[header.type] | 0o600, {
          major: header.deviceMajor,
          minor: header.deviceMinor,
        })
      case 'unknown':
        throw refuse(`unhandled tar header type ${header.typeFlag}`)
    }
  }

  async #writeFile(entry: TarEntry, place: string): Promise<void> {
    await using file = await this.#access.files.open(place, 'wx', 0o600)
    let position = 0
    for await (const chunk of entry.body) {
      this.#options.signal.throwIfAborted()
      // Holes of a sparse file stay holes: its length is a mere claim.
      if (!entry.header.sparse || !isZero(chunk)) await writeAll(file, chunk, position)
      position += chunk.byteLength
    }
    if (entry.header.sparse) await file.truncate(position)
  }

  async #link(header: TarHeader, place: string): Promise<void> {
    const target = innerName(header.linkName)
    try {
      using parent = this.#open(parentOf(target))
      await this.#access.files.link(`${parent.path}/${lastOf(target)}`, place)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      throw refuse(`invalid hardlink ${goQuote(header.name)} -> ${goQuote(header.linkName)}`)
    }
  }

  /** Owner, permissions, attributes, time; in this order, because a change of owner takes set-id bits and capabilities. */
  async #settle(
    header: TarHeader,
    at: { readonly name: string; readonly parent: RootedPath; readonly place: string },
  ): Promise<void> {
    const { files, kernel } = this.#access
    const { uid, gid } = this.#options.owner ?? header
    const mtimeMs = header.mtime.seconds * 1000 + header.mtime.nanos / 1e6
    await files.chown(at.place, uid, gid)
    if (header.type !== 'symlink') {
      using held = kernel.openInRoot(at.parent.path, lastOf(at.name), { followLast: false })
      await files.chmod(held.path, header.mode & 0o7777)
    }
    for (const [key, value] of header.attributes) {
      // `trusted.*` could speak to overlayfs.
      if (key === 'security.capability' || key.startsWith('user.')) kernel.attributes.set(at.place, key, value)
    }
    if (header.type === 'directory') this.#directoryTimes.set(at.name, mtimeMs)
    else await files.setTimes(at.place, mtimeMs)
  }
}

/**
 * Unpacks every entry.
 * @throws GantryError invalid for an archive that is damaged, larger than its limits, or tries to get out.
 */
export async function extractTar(
  access: RootAccess,
  source: AsyncIterable<Uint8Array>,
  options: ExtractOptions,
): Promise<void> {
  const extractor = new Extractor(access, options)
  for await (const entry of readTar(source, options.limits)) {
    options.signal.throwIfAborted()
    await extractor.add(entry)
  }
  await extractor.finish()
}
