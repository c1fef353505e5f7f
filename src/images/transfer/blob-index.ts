/**
 * What is known of layers as registries hold them: the compressed blob of a diff id, and the repositories that have it.
 * Only a memory: losing it costs a compression and an upload, so it is written now and then and never waited for.
 */
import type { Digest } from '#base/data/digest.ts'
import type { Files } from '#world/ports/files.ts'

export interface KnownBlob {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly compressed: boolean
}

interface Entry {
  readonly blob: KnownBlob
  /** Complete repositories (`127.0.0.1:5000/app`), newest last. */
  readonly repositories: readonly string[]
}

export interface BlobIndex {
  find(diffId: Digest): Entry | undefined
  remember(diffId: Digest, blob: KnownBlob, repository: string): void
  /** Writes what was remembered. */
  flush(): Promise<void>
}

const entriesMax = 20_000
const repositoriesMax = 16
const fileBytesMax = 64 * 1024 * 1024

/** Opens the memory kept at `path`; an unreadable one starts empty. */
export async function openBlobIndex(files: Files, path: string): Promise<BlobIndex> {
  const entries = new Map<Digest, Entry>(await load(files, path))
  let dirty = false
  return {
    find: (diffId) => entries.get(diffId),
    remember: (diffId, blob, repository) => {
      const before = entries.get(diffId)
      const same = before?.blob.digest === blob.digest ? before.repositories.filter((name) => name !== repository) : []
      entries.delete(diffId)
      entries.set(diffId, { blob, repositories: [...same, repository].slice(-repositoriesMax) })
      if (entries.size > entriesMax) entries.delete(entries.keys().next().value as Digest)
      dirty = true
    },
    flush: async () => {
      if (!dirty) return
      dirty = false
      await files.replace(path, JSON.stringify([...entries]))
    },
  }
}

async function load(files: Files, path: string): Promise<[Digest, Entry][]> {
  if (!(await files.exists(path))) return []
  try {
    const value: unknown = JSON.parse(await files.readText(path, { maxBytes: fileBytesMax }))
    return Array.isArray(value) ? (value as [Digest, Entry][]) : []
  } catch {
    return []
  }
}
