/** Writes one source of COPY or ADD into a filesystem, as Docker's classic builder places it. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import { extractTar } from '#images/archive/extract-tar.ts'
import { directoryName } from '#spec/dockerfile/clean-path.ts'
import { goQuote } from '#base/data/go-quote.ts'
import type { ModeChange } from '#spec/dockerfile/file-mode.ts'
import { archiveFailed } from '../context/build-context.ts'
import type { Owner, RootedTree } from '../context/rooted-tree.ts'
import { stepFailed } from '../errors.ts'
import { copyChildren, copyEntry } from './copy-entry.ts'
import type { CopyDeps } from './copy-entry.ts'
import type { CopySource } from './find-sources.ts'
import { openArchive } from './open-archive.ts'

export interface CopyTarget {
  readonly tree: RootedTree
  /** Absolute, perhaps with a slash at the end: then it is a directory. */
  readonly destination: string
  /** Owner of everything copied; undefined: owners and set-id bits are kept. */
  readonly owner: Owner | undefined
  readonly modeChange: ModeChange | undefined
}

const root: Owner = { uid: 0, gid: 0 }

/** Copies. Throws `invalid` ("failed to copy files: …"). */
export async function copyInto(deps: CopyDeps, source: CopySource, target: CopyTarget): Promise<void> {
  try {
    await place(deps, source, target)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno !== 'ENOTDIR' && errno !== 'EISDIR' && errno !== 'EEXIST') throw error
    const why = errno === 'ENOTDIR' ? 'not a directory' : 'file exists'
    throw stepFailed(`failed to copy files: ${target.destination}: ${why}`, { cause: error })
  }
}

async function place(deps: CopyDeps, source: CopySource, target: CopyTarget): Promise<void> {
  const { tree, destination } = target
  const resolved = await tree.resolve(destination)
  const isDirectory = (await tree.lstat(resolved))?.type === 'directory'
  const owner = target.owner ?? root
  if (source.isDirectory) {
    await tree.makeDirectory(resolved, owner)
    await source.tree.at(source.path, (from) =>
      tree.at(resolved, (to) => copyChildren(deps, { from, to }, { ...target, links: new Map() })),
    )
    return
  }
  if (source.mayUnpack && (await unpackArchive(deps, source, { tree, directory: resolved }))) return
  const path =
    destination.endsWith('/') || isDirectory ? `${resolved === '/' ? '' : resolved}/${source.name}` : resolved
  await tree.makeDirectory(directoryName(path), owner)
  if ((await tree.lstat(path))?.type === 'directory') {
    throw stepFailed(
      `failed to copy files: cannot overwrite directory ${goQuote(path)} with non-directory ${goQuote(source.path)}`,
    )
  }
  await source.tree.at(source.path, (from) =>
    tree.at(path, (to) => copyEntry(deps, { from, to }, { ...target, links: new Map() })),
  )
}

/** Unpacks the source when it is an archive; false when it is none. */
async function unpackArchive(
  deps: CopyDeps,
  source: CopySource,
  target: { readonly tree: RootedTree; readonly directory: string },
): Promise<boolean> {
  return await source.tree.at(source.path, async (path) => {
    const archive = await openArchive(deps, path)
    if (archive === undefined) return false
    await target.tree.makeDirectory(target.directory, root)
    await extractTar(deps, archive.content, {
      root: target.tree.root,
      path: target.directory,
      options: { limits: archive.limits, signal: deps.signal },
    }).catch(archiveFailed)
    return true
  })
}
