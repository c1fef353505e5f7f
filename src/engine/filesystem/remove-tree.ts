/** Removes a tree that somebody else may be changing: no name in it is followed, so nothing outside can be hit. */
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { RootAccess } from './resolve-path.ts'

const depthMax = 1024

/** Removes `name` in the open directory `parent`, whatever it is; nothing there is fine. */
export async function removeTree(access: RootAccess, parent: string, name: string): Promise<void> {
  await removeAt(access, { parent, name, depth: 0 })
}

async function removeAt(
  access: RootAccess,
  { parent, name, depth }: { readonly parent: string; readonly name: string; readonly depth: number },
): Promise<void> {
  const { files, kernel } = access
  if (depth > depthMax)
    throw new GantryError('ENGINE_PATH_DEPTH', 'invalid', `directories nest deeper than ${depthMax}`, {
      remedy: 'Choose a shorter path.',
    })
  try {
    if ((await files.lstat(`${parent}/${name}`)).type === 'directory') {
      using place = kernel.openInRoot(parent, name, { directory: true, followLast: false })
      for (const child of await files.list(place.path))
        await removeAt(access, { parent: place.path, name: child.name, depth: depth + 1 })
    }
    await files.remove(`${parent}/${name}`, { force: true })
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
