/** Tells archives from other files, as ADD does: by what is in them, never by name. */
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { decompress } from '#images/archive/decompress.ts'
import { TarReader } from '#images/archive/read-tar.ts'
import { limitsForSpace } from '#images/archive/tar-limits.ts'
import type { TarLimits } from '#images/archive/tar-limits.ts'
import type { CopyDeps } from './copy-entry.ts'

export interface Archive {
  /** The tar, decompressed. */
  readonly content: AsyncIterable<Uint8Array>
  readonly limits: TarLimits
}

/** Opens a file when it is a tar with at least one entry, plain or compressed; undefined otherwise. */
export async function openArchive(deps: CopyDeps, path: string): Promise<Archive | undefined> {
  const { files, processes, signal } = deps
  const stat = await files.lstat(path)
  if (stat.type !== 'file' || stat.sizeBytes < 10) return undefined
  const limits = limitsForSpace((await files.space(path)).freeBytes)
  const open = async (): Promise<AsyncIterable<Uint8Array>> =>
    decompress(files.readStream(path), processes, { maxBytes: limits.totalBytesMax, signal })
  try {
    await using reader = new TarReader(await open(), limits)
    if ((await reader.next()) === undefined) return undefined
  } catch (error) {
    if (isErrorKind(error, 'invalid')) return undefined
    throw error
  }
  return { content: await open(), limits }
}
