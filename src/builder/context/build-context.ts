/** A received build context: its files on disk and the Dockerfile in it. */
import { extractTar } from '#images/archive/extract-tar.ts'
import { limitsForSpace } from '#images/archive/tar-limits.ts'
import { decompress } from '#images/archive/decompress.ts'
import { createIgnoreMatcher, ignoreFileBytesMax, parseIgnoreFile } from '#spec/dockerfile/ignore-file.ts'
import { dockerfileBytesMax } from '#spec/dockerfile/read-statements.ts'
import { cleanPath } from '#spec/dockerfile/clean-path.ts'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'
import { forbiddenPath, invalidRequest } from '../errors.ts'
import { removeIgnored } from './remove-ignored.ts'
import { RootedTree } from './rooted-tree.ts'
import type { WorkFolders } from './work-folders.ts'

export interface ContextDeps {
  readonly files: Files
  readonly kernel: Kernel
  readonly processes: Processes
  readonly folders: WorkFolders
}

const rootOwner = { uid: 0, gid: 0 }

export interface BuildContext extends AsyncDisposable {
  readonly tree: RootedTree
  readonly dockerfile: string
}

/**
 * Unpacks a context (a tar, perhaps compressed), reads the Dockerfile and takes out what the ignore file excludes. The
 * files are gone when it is disposed. Throws `invalid` for a bad archive and for a Dockerfile that is not there.
 */
export async function receiveContext(
  deps: ContextDeps,
  source: AsyncIterable<Uint8Array>,
  options: { readonly dockerfile: string; readonly signal: AbortSignal },
): Promise<BuildContext> {
  const { files, processes } = deps
  const { signal } = options
  const directory = await deps.folders.make()
  try {
    const limits = limitsForSpace((await files.space(directory.path)).freeBytes)
    const tree = new RootedTree(deps, directory.path)
    const plain = await decompress(source, processes, { maxBytes: limits.totalBytesMax, signal })
    const rules = { owner: () => rootOwner, noDevices: true, limits, signal }
    await extractTar(deps, plain, { root: directory.path, path: '/', options: rules }).catch(archiveFailed)
    const dockerfile = await openDockerfile(deps, tree, options.dockerfile)
    return { tree, dockerfile, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
  } catch (error) {
    await directory[Symbol.asyncDispose]()
    throw error
  }
}

/** An archive whose entries do not fit together (a link to nothing, a file as a directory) is the client's mistake. */
export function archiveFailed(error: unknown): never {
  const errno = errnoOf(error)
  if (errno === undefined || !archiveErrnos.has(errno)) throw error
  throw new GantryError(
    'BUILD_ARCHIVE_INVALID',
    'invalid',
    `Error processing tar file(exit status 1): an entry does not fit the others (${errno})`,
    {
      cause: error,
      remedy: 'Make the archive again.',
    },
  )
}

const archiveErrnos = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'ELOOP',
  'ENAMETOOLONG',
  'EMLINK',
  'EPERM',
  'ENOTEMPTY',
])

/** A context of nothing but a Dockerfile (`remote` is one). */
export async function contextOfDockerfile(deps: ContextDeps, dockerfile: string): Promise<BuildContext> {
  const directory = await deps.folders.make()
  const tree = new RootedTree(deps, directory.path)
  checkNotEmpty('Dockerfile', dockerfile)
  await deps.files.write(`${directory.path}/Dockerfile`, dockerfile)
  return { tree, dockerfile, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
}

async function openDockerfile(deps: ContextDeps, tree: RootedTree, wanted: string): Promise<string> {
  const named = cleanPath(wanted === '' ? 'Dockerfile' : wanted.replace(/^\/+/, ''))
  if (named === '..' || named.startsWith('../')) throw forbiddenPath(wanted)
  const file =
    (await readFile(deps, tree, { path: named, bytesMax: dockerfileBytesMax })) ??
    (named === 'Dockerfile'
      ? await readFile(deps, tree, { path: 'dockerfile', bytesMax: dockerfileBytesMax })
      : undefined)
  if (file === undefined)
    throw invalidRequest(`Cannot locate specified Dockerfile: ${named}`, 'Name a Dockerfile of the context with -f.')
  checkNotEmpty(named, file)
  await applyIgnoreFile(deps, tree, named)
  return file
}

function checkNotEmpty(name: string, dockerfile: string): void {
  if (dockerfile.length === 0) throw invalidRequest(`the Dockerfile (${name}) cannot be empty`, 'Write a Dockerfile.')
}

async function applyIgnoreFile(deps: ContextDeps, tree: RootedTree, dockerfile: string): Promise<void> {
  const text =
    (await readFile(deps, tree, { path: `${dockerfile}.dockerignore`, bytesMax: ignoreFileBytesMax })) ??
    (await readFile(deps, tree, { path: '.dockerignore', bytesMax: ignoreFileBytesMax }))
  if (text === undefined) return
  const patterns = parseIgnoreFile(text)
  if (patterns.length > 0) await removeIgnored(deps.files, tree.root, createIgnoreMatcher(patterns))
}

/** A regular file's text; undefined when there is none. */
async function readFile(
  deps: ContextDeps,
  tree: RootedTree,
  { path, bytesMax }: { path: string; bytesMax: number },
): Promise<string | undefined> {
  try {
    const found = await tree.stat(`/${path}`)
    if (found?.stat.type !== 'file') return undefined
    if (found.stat.sizeBytes > bytesMax) throw invalidRequest(`${path} is larger than ${bytesMax} bytes`)
    return await tree.at(found.resolved, (place) => deps.files.readText(place, { maxBytes: bytesMax }))
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}
