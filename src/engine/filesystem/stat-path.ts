/** What `HEAD /containers/{id}/archive` tells of a path: the value of X-Docker-Container-Path-Stat. */
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import { formatInstant } from '#world/ports/clock.ts'
import type { FileStat, FileType } from '#world/ports/files.ts'
import { absolutePath, baseName, resolvePath } from './resolve-path.ts'
import type { RootAccess } from './resolve-path.ts'

export interface PathStat {
  readonly name: string
  readonly size: number
  /** Go's `fs.FileMode`. */
  readonly mode: number
  readonly mtime: string
  /** Where a symlink leads in the end, from the container's root; empty for everything else. */
  readonly linkTarget: string
}

/** A path of a container, as it was asked for and as it is. */
export interface FoundPath {
  /** From the container's root, cleaned; a last `/` or `/.` kept. */
  readonly absolute: string
  /** Without symlinks on the way; the last name is followed only where the path asks for it. */
  readonly resolved: string
  readonly type: FileType
  readonly stat: PathStat
}

const typeBits: Readonly<Record<FileType, number>> = {
  file: 0,
  directory: 2 ** 31,
  symlink: 2 ** 27,
  block: 2 ** 26,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  character: 2 ** 26 + 2 ** 21,
  unknown: 2 ** 19,
}

/** Type and permissions as Go's `fs.FileMode` has them (io/fs, constants Mode*). Pure. */
export function goFileMode({ type, mode }: Pick<FileStat, 'type' | 'mode'>): number {
  const extra =
    ((mode & 0o4000) === 0 ? 0 : 2 ** 23) +
    ((mode & 0o2000) === 0 ? 0 : 2 ** 22) +
    ((mode & 0o1000) === 0 ? 0 : 2 ** 20)
  return typeBits[type] + extra + (mode & 0o777)
}

/** The header's value. Pure. */
export function encodePathStat(stat: PathStat): string {
  return Buffer.from(JSON.stringify(stat)).toString('base64')
}

/** Docker's answer for a path that is not there. */
export function pathMissing(path: string, container: string): GantryError {
  return new GantryError(
    'ENGINE_PATH_MISSING',
    'not-found',
    `Could not find the file ${path} in container ${container}`,
    { remedy: 'Check the path; docker exec or docker export show what is there.' },
  )
}

async function targetOf(access: RootAccess, root: string, path: string): Promise<string> {
  try {
    return await resolvePath(access, root, { path, followLast: true })
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error
    // A link into nowhere: what it says is all there is to tell.
    using place = access.kernel.openInRoot(root, path.slice(0, path.lastIndexOf('/')) || '/', { directory: true })
    return await access.files.readLink(`${place.path}/${baseName(path)}`)
  }
}

/**
 * Finds a path of a container.
 * @param names the path and the container as the client wrote them, for the message.
 * @throws GantryError not-found when nothing is there, invalid when the path goes through something that is no directory.
 */
export async function findPath(
  access: RootAccess,
  root: string,
  names: { readonly path: string; readonly container: string },
): Promise<FoundPath> {
  const absolute = absolutePath(names.path)
  const wantsDirectory = /\/\.?$/.test(absolute)
  try {
    const resolved = await resolvePath(access, root, { path: absolute, followLast: wantsDirectory })
    using place = access.kernel.openInRoot(root, resolved, { followLast: false, directory: wantsDirectory })
    const stat = await access.files.stat(place.path)
    const linkTarget = stat.type === 'symlink' ? await targetOf(access, root, resolved) : ''
    return {
      absolute,
      resolved,
      type: stat.type,
      stat: {
        name: baseName(absolute),
        size: stat.sizeBytes,
        mode: goFileMode(stat),
        mtime: formatInstant(stat.mtimeMs),
        linkTarget,
      },
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw pathMissing(names.path, names.container)
    if (errnoOf(error) === 'ENOTDIR')
      throw new GantryError('ENGINE_NOT_A_DIRECTORY', 'invalid', `lstat ${absolute}: not a directory`, {
        cause: error,
        remedy: 'Choose another working directory, or change the image.',
      })
    throw error
  }
}
