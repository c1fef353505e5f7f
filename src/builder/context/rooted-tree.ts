/**
 * A directory tree that strangers filled (a build context, an image's files), used so that no path and no symlink in it
 * leads out. Paths are resolved as a process with that root would see them. Nothing else may write to the tree meanwhile.
 */
import { errnoOf } from '#base/errors/gantry-error.ts'
import { cleanPath, directoryName } from '#spec/dockerfile/clean-path.ts'
import type { FileStat, Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import { stepFailed } from '../errors.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface RootedTreeDeps {
  readonly files: Files
  readonly kernel: Kernel
}

const symlinksMax = 255

export class RootedTree {
  readonly root: string
  readonly #files: Files
  readonly #kernel: Kernel

  constructor(deps: RootedTreeDeps, root: string) {
    this.root = root
    this.#files = deps.files
    this.#kernel = deps.kernel
  }

  /**
   * Follows every symlink of a path, the last one too, within the root. What is not there yet stays as it is written.
   * The result is absolute, clean and free of symlinks. Throws `invalid` for a loop.
   */
  async resolve(path: string): Promise<string> {
    const pending = path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .toReversed()
    let resolved = ''
    let links = 0
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === '..') {
        resolved = resolved.slice(0, Math.max(0, resolved.lastIndexOf('/')))
        continue
      }
      const target = await this.#linkTarget(`${resolved}/${part}`)
      if (target === undefined) {
        resolved += `/${part}`
        continue
      }
      links += 1
      if (links > symlinksMax) throw stepFailed(`too many levels of symbolic links: ${path}`)
      if (target.startsWith('/')) resolved = ''
      pending.push(
        ...target
          .split('/')
          .filter((step) => step !== '' && step !== '.')
          .toReversed(),
      )
    }
    return resolved === '' ? '/' : resolved
  }

  /** Runs `use` with a safe name of a resolved path: its parent is held open, its last part is not followed. */
  async at<T>(resolved: string, use: (path: string) => Promise<T>): Promise<T> {
    const clean = cleanPath(`/${resolved}`)
    using parent = this.#kernel.openInRoot(this.root, directoryName(clean), { directory: true })
    const base = clean.slice(clean.lastIndexOf('/') + 1)
    return await use(base === '' ? `${parent.path}/.` : `${parent.path}/${base}`)
  }

  /** What a path leads to, symlinks followed; undefined when nothing is there. */
  async stat(path: string): Promise<{ readonly resolved: string; readonly stat: FileStat } | undefined> {
    const resolved = await this.resolve(path)
    const stat = await this.lstat(resolved)
    return stat === undefined ? undefined : { resolved, stat }
  }

  /** What is at a resolved path itself; undefined when nothing is there. Throws ENOTDIR when it leads through a file. */
  async lstat(resolved: string): Promise<FileStat | undefined> {
    try {
      return await this.at(resolved, (path) => this.#files.lstat(path))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /**
   * Makes a directory at a resolved path with its parents, mode 0755, owned as told; what exists is left alone. Gives
   * true when it was not there before. Throws ENOTDIR when a file is in the way.
   */
  async makeDirectory(resolved: string, owner: Owner): Promise<boolean> {
    const existing = await this.lstat(resolved)
    if (existing?.type === 'directory') return false
    if (existing !== undefined) throw notDirectory(resolved)
    if (resolved !== '/') await this.makeDirectory(directoryName(resolved), owner)
    await this.at(resolved, async (path) => {
      await this.#files.makeDirectory(path, { mode: 0o755 })
      await this.#files.chmod(path, 0o755)
      await this.#files.chown(path, owner.uid, owner.gid)
    })
    return true
  }

  async #linkTarget(path: string): Promise<string | undefined> {
    try {
      return await this.at(path, (place) => this.#files.readLink(place))
    } catch (error) {
      const errno = errnoOf(error)
      // EINVAL: there is something, and it is no symlink.
      if (errno === 'EINVAL' || errno === 'ENOENT' || errno === 'ENOTDIR') return undefined
      throw error
    }
  }
}

function notDirectory(path: string): Error {
  return Object.assign(new Error(`mkdir ${path}: not a directory`), { code: 'ENOTDIR' })
}
