/** Files inside a container's root, found as the container would find them and never outside it. */
import { posix } from 'node:path'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { AccountFiles } from '#engine/runtime/plan-user.ts'

/** Account files larger than this are not an image's honest ones. */
const accountBytesMax = 4 << 20
const depthMax = 255

interface RootDeps {
  readonly files: Files
  readonly kernel: Kernel
}

/** Text of a small file in the root; empty when it is not there or no plain file. */
export async function readRootFile(deps: RootDeps, root: string, path: string): Promise<string> {
  try {
    using place = deps.kernel.openInRoot(root, path)
    const stat = await deps.files.stat(place.path)
    if (stat.type !== 'file') return ''
    return await deps.files.readText(place.path, { maxBytes: accountBytesMax })
  } catch (error) {
    if (errnoOf(error) !== undefined) return ''
    throw error
  }
}

/** /etc/passwd and /etc/group of the root. */
export async function readAccounts(deps: RootDeps, root: string): Promise<AccountFiles> {
  const [passwd, group] = await Promise.all([
    readRootFile(deps, root, '/etc/passwd'),
    readRootFile(deps, root, '/etc/group'),
  ])
  return { passwd, group }
}

/** Makes a directory and its parents inside the root (mode 0755, owned by root). @throws GantryError when a file is in the way. */
export async function ensureDirectoryInRoot(deps: RootDeps, root: string, path: string): Promise<void> {
  const names = posix
    .normalize(path)
    .split('/')
    .filter((name) => name !== '')
  if (names.length > depthMax)
    throw new GantryError('ENGINE_PATH_DEPTH', 'invalid', `path is too deep: ${path}`, {
      remedy: 'Choose a shorter path.',
    })
  for (let depth = 1; depth <= names.length; depth += 1) {
    const partial = `/${names.slice(0, depth).join('/')}`
    try {
      using place = deps.kernel.openInRoot(root, partial)
      if ((await deps.files.stat(place.path)).type !== 'directory') {
        throw new GantryError('ENGINE_NOT_A_DIRECTORY', 'invalid', `Cannot mkdir: ${path} is not a directory`, {
          remedy: 'Choose another working directory, or change the image.',
        })
      }
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      using parent = deps.kernel.openInRoot(root, posix.dirname(partial))
      await deps.files.makeDirectory(posix.join(parent.path, names[depth - 1] ?? ''))
    }
  }
}
