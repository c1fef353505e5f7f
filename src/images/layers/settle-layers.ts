/**
 * Layers and power cuts. A layer's files are not synced one by one (that would take longer than unpacking them): some
 * time after it was stored, everything is synced at once and a mark says so. Where the machine went down before the
 * mark, the next start reads the layer again, and one whose bytes no longer have their digest is not there.
 *
 *     layers/sha256/<hex>/settled   the layer's files had reached the disk before this one was made
 */
import type { Digest } from '#base/data/digest.ts'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Processes } from '#world/ports/processes.ts'

const bootIdPath = '/proc/sys/kernel/random/boot_id'

/** Names the run of the machine: another one means that it was down in between. Empty where the kernel does not tell. */
export async function readBootId(files: Files): Promise<string> {
  try {
    return (await files.readText(bootIdPath)).trim()
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return ''
  }
}

export interface StoredWhen {
  readonly settled: boolean
  /** The run of the machine in which the layer was stored; undefined for those of versions that did not say. */
  readonly bootId: string | undefined
}

/** Whether a layer may have lost bytes that were still on their way to the disk. Pure. */
export function isDoubtful({ settled, bootId }: StoredWhen, currentBootId: string): boolean {
  return !settled && bootId !== undefined && bootId !== currentBootId
}

/** Reads a layer's tar to its end: true when it is the one that its digest names. */
export async function isIntact(tar: AsyncIterable<unknown>): Promise<boolean> {
  try {
    for await (const _chunk of tar);
    return true
  } catch (error) {
    if (error instanceof GantryError || errnoOf(error) !== undefined || error instanceof RangeError) return false
    throw error
  }
}

export const settledMark = 'settled'

/**
 * Syncs the filesystem of `root`, then marks the layers that were stored before.
 * @returns those marked; none when the filesystem could not be synced.
 */
export async function settleLayers(
  { files, processes }: { readonly files: Files; readonly processes: Processes },
  root: string,
  layers: ReadonlyMap<Digest, string>,
): Promise<Digest[]> {
  const before = [...layers]
  const synced = await processes.run('sync', ['-f', root])
  if (synced.exitCode !== 0) return []
  const marked: Digest[] = []
  for (const [diffId, directory] of before) {
    try {
      await files.write(`${directory}/${settledMark}`, '')
      marked.push(diffId)
    } catch (error) {
      // Removed meanwhile.
      if (errnoOf(error) !== 'ENOENT') throw error
      marked.push(diffId)
    }
  }
  return marked
}
