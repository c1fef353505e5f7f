/** The engine's folders as mounts of their own, so that what is mounted below them is seen where containers are made. */
import type { UndoStack } from '#base/async/undo-stack.ts'
import type { Mounts } from '#world/ports/kernel.ts'

/**
 * Mounts made below these folders must reach the runtime's own mount namespace: each becomes a shared mount.
 * @param undo takes away what was not mounted before. A folder that something is mounted below by then stays one:
 * containers that were brought back hold on to it.
 */
export async function shareMounts(mounts: Mounts, undo: UndoStack, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const mounted = await mounts.listBelow(folder)
    if (!mounted.includes(folder)) {
      mounts.bind({ source: folder, target: folder, recursive: true })
      undo.defer(() => mounts.unmount(folder))
    }
    mounts.setPropagation(folder, 'shared')
  }
}
