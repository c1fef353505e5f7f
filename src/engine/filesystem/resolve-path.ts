/** Paths as clients write them, followed inside a container's root as a process in it would. */
import { posix } from 'node:path'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'

export interface RootAccess {
  readonly files: Files
  readonly kernel: Kernel
}

const linksMax = 40
const pathBytesMax = 4096

/** `path` from the root, cleaned; a last `/` or `/.` stays, because it means "what the link leads to". Pure. */
export function absolutePath(path: string): string {
  const clean = posix.join('/', path)
  const trimmed = clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean
  if (/(^|\/)\.$/.test(path) && path !== '.') return trimmed === '/' ? '/.' : `${trimmed}/.`
  return path.endsWith('/') && trimmed !== '/' ? `${trimmed}/` : trimmed
}

/** The last name of a path as Go's `filepath.Base` gives it: `/` for the root, `.` for a path that ends so. Pure. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '')
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1)
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.')

async function linkTarget(
  access: RootAccess,
  root: string,
  at: { parent: string; name: string },
): Promise<string | undefined> {
  using place = access.kernel.openInRoot(root, at.parent === '' ? '/' : at.parent, { directory: true })
  try {
    return await access.files.readLink(`${place.path}/${at.name}`)
  } catch (error) {
    // EINVAL: there, and no symlink.
    if (errnoOf(error) === 'EINVAL') return undefined
    throw error
  }
}

/**
 * Follows every symlink of a path within `root`. The result is absolute, clean, and free of symlinks, except the last
 * name with `followLast: false`.
 * @throws system errors ENOENT and ENOTDIR, and GantryError invalid for a loop.
 */
export async function resolvePath(
  access: RootAccess,
  root: string,
  at: { readonly path: string; readonly followLast: boolean },
): Promise<string> {
  if (Buffer.byteLength(at.path) > pathBytesMax)
    throw new GantryError('ENGINE_PATH_LENGTH', 'invalid', 'path is too long', { remedy: 'Linux stops at 4096 bytes.' })
  const pending = namesOf(at.path).toReversed()
  let resolved = ''
  let links = 0
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '..') {
      resolved = resolved.slice(0, Math.max(0, resolved.lastIndexOf('/')))
      continue
    }
    const last = pending.length === 0 && !at.followLast
    const target = last ? undefined : await linkTarget(access, root, { parent: resolved, name })
    if (target === undefined) {
      resolved += `/${name}`
      continue
    }
    links += 1
    if (links > linksMax)
      throw new GantryError('ENGINE_PATH_LOOP', 'invalid', `too many levels of symbolic links: ${at.path}`, {
        remedy: 'Remove the symbolic links that lead in a circle.',
      })
    if (target.startsWith('/')) resolved = ''
    pending.push(...namesOf(target).toReversed())
  }
  return resolved === '' ? '/' : resolved
}
