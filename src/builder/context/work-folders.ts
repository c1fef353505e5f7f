/** Folders for what a build unpacks and downloads: `ROOT/<random>`, one for each use. What a crash left goes at the next start. */
import type { Files } from '#world/ports/files.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'

export interface WorkFolder extends AsyncDisposable {
  readonly path: string
}

export interface WorkFolders {
  /** A fresh folder, gone with everything in it when disposed. */
  make(): Promise<WorkFolder>
  /** Removes what an earlier program left. Call it before the first `make`. */
  sweep(): Promise<void>
}

/** Manages the folders below `root`, which nobody else uses. */
export function createWorkFolders(deps: { readonly files: Files; readonly random: Random }, root: string): WorkFolders {
  const { files, random } = deps
  return {
    async make() {
      const path = `${root}/${randomHex(random, 8)}`
      await files.makeDirectory(path, { recursive: true, mode: 0o700 })
      return { path, [Symbol.asyncDispose]: () => files.remove(path, { recursive: true, force: true }) }
    },
    async sweep() {
      await files.remove(root, { recursive: true, force: true })
      await files.makeDirectory(root, { recursive: true, mode: 0o700 })
    },
  }
}
