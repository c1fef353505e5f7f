/**
 * A stranger's tar into an empty directory of ours that nobody else touches (build contexts): the tree is judged as a
 * layer's is and tar writes the files, which is many times faster than going file by file.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { TarReader } from '#images/archive/read-tar.ts'
import { textOfKey } from '#images/archive/tar-header.ts'
import type { TarHeader } from '#images/archive/tar-header.ts'
import { defaultTarLimits, limitsForSpace } from '#images/archive/tar-limits.ts'
import type { TarLimits } from '#images/archive/tar-limits.ts'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import { cleanHeader } from './ingest-tar.ts'
import type { UnpackDeps } from './ingest-tar.ts'
import { LayerTree } from './layer-tree.ts'
import { startUntar } from './untar.ts'
import type { Untar } from './untar.ts'

export interface UnpackFreshOptions {
  /** Whom a thing shall belong to; left out: whom the archive says. */
  readonly owner?: (header: TarHeader) => { readonly uid: number; readonly gid: number }
  readonly limits?: TarLimits
  readonly signal?: AbortSignal
}

const treeReplacementsMax = 64
const padding = Buffer.alloc(512)

/**
 * Unpacks into `directory`, which must be empty. Throws `invalid` for damaged or hostile archives; the directory is the
 * caller's to remove then.
 * @returns the number of entries.
 */
export async function unpackFresh(
  deps: UnpackDeps,
  source: AsyncIterable<Uint8Array>,
  at: { readonly directory: string; readonly options?: UnpackFreshOptions },
): Promise<number> {
  const { directory, options = {} } = at
  const { freeBytes } = await deps.files.space(directory)
  const tree = new LayerTree({ whiteouts: false })
  await using reader = new TarReader(source, limitsForSpace(freeBytes, options.limits ?? defaultTarLimits))
  let untar: Untar = startUntar(deps.processes, directory)
  let entries = 0
  let replacements = 0
  try {
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
      options.signal?.throwIfAborted()
      entries += 1
      const { header } = entry
      const step = tree.add(header)
      for (const parent of step.missingParents)
        await untar.write(encodeTarHeader({ name: '', nameKey: parent, type: 'directory', mode: 0o755 }))
      if (step.replaces === 'directory') {
        replacements = countedUp(replacements)
        await untar.finish()
        await deps.files.remove(`${directory}/${textOfKey(step.path)}`, { recursive: true })
        untar = startUntar(deps.processes, directory)
      }
      await untar.write(encodeTarHeader({ ...cleanHeader(header, step), ...options.owner?.(header) }))
      if (header.type !== 'file') continue
      for await (const chunk of entry.body) await untar.write(chunk)
      await untar.write(padding.subarray(0, paddingBytes(header.sizeBytes)))
    }
    await untar.finish()
    return entries
  } finally {
    await untar[Symbol.asyncDispose]()
  }
}

function countedUp(replacements: number): number {
  if (replacements >= treeReplacementsMax) throw tooOften()
  return replacements + 1
}

function tooOften(): GantryError {
  return new GantryError('ARCHIVE_REFUSED', 'invalid', 'the archive replaces its own directories too often', {
    remedy: 'The archive is damaged or hostile; make it again.',
  })
}
