/** Removes something from a directory that others may be changing: from open directory to name, never along a path. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { PackDeps } from './pack-directory.ts'

/** Removes `name` from the directory `parent` (an open directory's path), with all below it; a missing one is fine. */
export async function removeTree(deps: PackDeps, parent: string, name: string): Promise<void> {
  const path = `${parent}/${name}`
  try {
    const stat = await deps.files.lstat(path)
    if (stat.type === 'directory') {
      using directory = deps.kernel.openInRoot(parent, name, { directory: true, followLast: false })
      for (const entry of await deps.files.list(directory.path)) await removeTree(deps, directory.path, entry.name)
    }
    await deps.files.remove(path, { recursive: stat.type === 'directory' })
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
