/** Takes what an ignore file excludes out of an unpacked context. */
import type { IgnoreMatcher } from '#spec/dockerfile/ignore-file.ts'
import type { DirectoryEntry, Files } from '#world/ports/files.ts'

/** Removes excluded paths below `root`. A directory that an exception may reach into is looked through, and goes when it ends up empty. */
export async function removeIgnored(files: Files, root: string, matcher: IgnoreMatcher): Promise<void> {
  await sweep({ files, root, matcher }, '')
}

interface Sweep {
  readonly files: Files
  readonly root: string
  readonly matcher: IgnoreMatcher
}

/** Gives true when the directory is empty afterwards. `entry.type` never follows links, so the walk stays inside. */
async function sweep(state: Sweep, directory: string): Promise<boolean> {
  let left = 0
  for (const entry of await state.files.list(`${state.root}/${directory}`)) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    if (!(await sweepEntry(state, entry, path))) left += 1
  }
  return left === 0
}

async function sweepEntry(state: Sweep, entry: DirectoryEntry, path: string): Promise<boolean> {
  const { files, root, matcher } = state
  const excluded = matcher.excludes(path)
  if (entry.type === 'directory' && (!excluded || matcher.hasExceptions)) {
    const empty = await sweep(state, path)
    if (!excluded || !empty) return false
  } else if (!excluded) return false
  await files.remove(`${root}/${path}`, { recursive: true, force: true })
  return true
}
