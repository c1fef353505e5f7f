/**
 * Extracts a stranger's tar into a tree that may itself be a stranger's and alive: `docker cp` into a container, ADD
 * of archives, uploads. Parents are found by the kernel as a process chrooted to the root would find them
 * (openat2 RESOLVE_IN_ROOT); what is created is created by name in an open directory, so no symlink, planted before or
 * meanwhile, leads out.
 */
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel, RootedPath } from '#world/ports/kernel.ts'
import { readTar } from './read-tar.ts'
import type { TarEntry } from './read-tar.ts'
import { removeTree } from './remove-tree.ts'
import type { TarHeader } from './tar-header.ts'
import { defaultTarLimits, limitsForSpace } from './tar-limits.ts'
import type { TarLimits } from './tar-limits.ts'

export interface ExtractDeps {
  readonly files: Files
  readonly kernel: Kernel
}

export interface ExtractOptions {
  /** Whom a thing shall belong to; left out: whom the archive says. */
  readonly owner?: (header: TarHeader) => { readonly uid: number; readonly gid: number }
  /** Refuse to replace a directory by something else or something else by a directory (`docker cp`). */
  readonly noOverwriteDirNonDir?: boolean
  /** Refuse device nodes. */
  readonly noDevices?: boolean
  readonly limits?: TarLimits
  readonly signal?: AbortSignal
}

interface Extraction {
  readonly deps: ExtractDeps
  readonly root: string
  readonly base: string
  readonly options: ExtractOptions
  /** Directories whose times are set when nothing more goes into them. */
  readonly directoryTimes: Map<string, number>
  /** The directory of the entry before, kept open. */
  parent: { readonly relative: string; readonly place: RootedPath } | undefined
}

const componentBytesMax = 255
const directoryTimesMax = 500_000

/**
 * Extracts into directory `path` of `root`. Entries before a failure stay. Throws `invalid` for damaged archives and
 * names that climb out, `not-found` when `path` is no directory.
 * @returns the number of entries.
 */
export async function extractTar(
  deps: ExtractDeps,
  source: AsyncIterable<Uint8Array>,
  at: { readonly root: string; readonly path: string; readonly options?: ExtractOptions },
): Promise<number> {
  const options = at.options ?? {}
  const { freeBytes } = await deps.files.space(at.root)
  const extraction: Extraction = {
    deps,
    root: at.root,
    base: at.path,
    options,
    directoryTimes: new Map(),
    parent: undefined,
  }
  let entries = 0
  try {
    for await (const entry of readTar(source, limitsForSpace(freeBytes, options.limits ?? defaultTarLimits))) {
      options.signal?.throwIfAborted()
      entries += 1
      await extractEntry(extraction, entry)
    }
    await setDirectoryTimes(extraction)
    return entries
  } finally {
    extraction.parent?.place[Symbol.dispose]()
  }
}

async function extractEntry(extraction: Extraction, entry: TarEntry): Promise<void> {
  const { header } = entry
  const parts = cleanName(header.name)
  const name = parts.pop()
  if (name === undefined) return
  if (header.type === 'unknown') throw refuse(`unhandled tar header type ${header.typeFlag}`)
  if (extraction.options.noDevices === true && (header.type === 'character' || header.type === 'block'))
    throw refuse(`device nodes are not allowed here: ${header.name}`)
  const parent = await openParent(extraction, parts)
  const replaced = await makeRoom(extraction, parent, { header, name })
  const owner = extraction.options.owner?.(header) ?? header
  const path = `${parent.path}/${name}`
  if (header.type === 'hardlink') {
    await linkInRoot(extraction, header, path)
    return
  }
  if (header.type === 'file') await writeFile(extraction, entry, { path, owner })
  else await makeOther(extraction, { header, path, parent, name, replaced, owner })
  setAttributes(extraction, header, path)
  if (header.type !== 'directory') {
    await extraction.deps.files.setTimes(path, timeMs(header))
    return
  }
  if (extraction.directoryTimes.size < directoryTimesMax)
    extraction.directoryTimes.set([...parts, name].join('/'), timeMs(header))
}

async function writeFile(
  extraction: Extraction,
  entry: TarEntry,
  to: { path: string; owner: { uid: number; gid: number } },
): Promise<void> {
  const { files } = extraction.deps
  const file = await files.open(to.path, 'wx', 0o600)
  try {
    for await (const chunk of entry.body) {
      for (let at = 0; at < chunk.byteLength;) at += await file.write(chunk.subarray(at), null)
    }
    // By descriptor: the name may be something else by now.
    const self = `/proc/self/fd/${file.fd}`
    await files.chown(to.path, to.owner.uid, to.owner.gid)
    await files.chmod(self, entry.header.mode)
  } catch (error) {
    if (errnoOf(error) === 'ENOSPC')
      throw new GantryError('ARCHIVE_NO_SPACE', 'unavailable', 'no space left on device', {
        cause: error,
        remedy: 'Free disk space.',
      })
    throw error
  } finally {
    await file.close()
  }
}

interface Other {
  readonly header: TarHeader
  readonly path: string
  readonly parent: RootedPath
  readonly name: string
  /** Undefined: nothing was there, or it was removed. */
  readonly replaced: 'directory' | undefined
  readonly owner: { readonly uid: number; readonly gid: number }
}

async function makeOther(extraction: Extraction, other: Other): Promise<void> {
  const { files, kernel } = extraction.deps
  const { header, path, owner } = other
  if (header.type === 'symlink') {
    await files.symlink(header.linkName, path)
    await files.chown(path, owner.uid, owner.gid)
    return
  }
  if (header.type === 'directory') {
    if (other.replaced === undefined) await files.makeDirectory(path, { mode: 0o700 })
  } else kernel.makeNode(path, nodeType(header) | 0o600, { major: header.deviceMajor, minor: header.deviceMinor })
  using made = kernel.openInRoot(other.parent.path, other.name, { followLast: false })
  const stat = await files.stat(made.path)
  if (stat.type === 'symlink') throw refuse(`${header.name} changed while it was extracted`)
  await files.chown(path, owner.uid, owner.gid)
  await files.chmod(made.path, header.mode)
}

function nodeType(header: TarHeader): number {
  return header.type === 'character' ? 0o020000 : header.type === 'block' ? 0o060000 : 0o010000
}

/** Both ends are names in open directories: link(2) follows neither. */
async function linkInRoot(extraction: Extraction, header: TarHeader, path: string): Promise<void> {
  const parts = cleanName(header.linkName)
  const name = parts.pop()
  if (name === undefined)
    throw refuse(`link ${JSON.stringify(header.name)}: ${JSON.stringify(header.linkName)} is no file`)
  using place = extraction.deps.kernel.openInRoot(extraction.root, inRoot(extraction, parts), { directory: true })
  try {
    await extraction.deps.files.link(`${place.path}/${name}`, path)
  } catch (error) {
    throw refuse(
      `link ${JSON.stringify(header.linkName)} ${JSON.stringify(header.name)}: ${errnoOf(error) ?? 'failed'}`,
      error,
    )
  }
}

/** Clears the way for an entry. @returns 'directory' when a directory is there and stays. */
async function makeRoom(
  extraction: Extraction,
  parent: RootedPath,
  at: { header: TarHeader; name: string },
): Promise<'directory' | undefined> {
  const { files } = extraction.deps
  let type
  try {
    type = (await files.lstat(`${parent.path}/${at.name}`)).type
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
  const isDirectory = at.header.type === 'directory'
  if (type === 'directory' && isDirectory) return 'directory'
  if (extraction.options.noOverwriteDirNonDir === true && (type === 'directory' || isDirectory)) {
    const [old, next] = type === 'directory' ? ['directory', 'non-directory'] : ['non-directory', 'directory']
    throw refuse(
      `cannot overwrite ${old} ${JSON.stringify(at.header.name)} with ${next} ${JSON.stringify(extraction.base)}`,
    )
  }
  await removeTree(extraction.deps, parent.path, at.name)
  return undefined
}

/** The open directory for an entry, made with its parents where missing (0755, root, as Docker makes them). */
async function openParent(extraction: Extraction, parts: readonly string[]): Promise<RootedPath> {
  const relative = parts.join('/')
  if (extraction.parent?.relative === relative && (await isLinked(extraction))) return extraction.parent.place
  extraction.parent?.place[Symbol.dispose]()
  extraction.parent = undefined
  const place = tryOpen(extraction, parts) ?? (await makeParents(extraction, parts))
  extraction.parent = { relative, place }
  return place
}

/** A directory that was removed has no links any more; what is put into it would be lost. */
async function isLinked(extraction: Extraction): Promise<boolean> {
  return extraction.parent !== undefined && (await extraction.deps.files.stat(extraction.parent.place.path)).nlink > 0
}

function tryOpen(extraction: Extraction, parts: readonly string[]): RootedPath | undefined {
  try {
    return extraction.deps.kernel.openInRoot(extraction.root, inRoot(extraction, parts), { directory: true })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && parts.length > 0) return undefined
    if (errnoOf(error) === 'ENOTDIR' || errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ELOOP') {
      throw new GantryError(
        'ARCHIVE_NOT_A_DIRECTORY',
        parts.length > 0 ? 'invalid' : 'not-found',
        `not a directory: ${parts.length > 0 ? parts.join('/') : extraction.base}`,
        { cause: error, remedy: 'Extract to a directory.' },
      )
    }
    throw error
  }
}

async function makeParents(extraction: Extraction, parts: readonly string[]): Promise<RootedPath> {
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const here = parts.slice(0, depth)
    const existing = tryOpen(extraction, here)
    if (existing !== undefined) {
      existing[Symbol.dispose]()
      continue
    }
    const above = tryOpen(extraction, here.slice(0, -1))
    if (above === undefined) throw refuse(`${here.join('/')} changed while it was extracted`)
    using parent = above
    try {
      await extraction.deps.files.makeDirectory(`${parent.path}/${here.at(-1) ?? ''}`, { mode: 0o755 })
    } catch (error) {
      // A dangling symlink stands there: its target is missing and must not be made through it.
      if (errnoOf(error) === 'EEXIST') throw refuse(`not a directory: ${here.join('/')}`, error)
      throw error
    }
  }
  const place = tryOpen(extraction, parts)
  if (place === undefined) throw refuse(`${parts.join('/')} changed while it was extracted`)
  return place
}

function inRoot(extraction: Extraction, parts: readonly string[]): string {
  const base = extraction.base === '' ? '.' : extraction.base
  return parts.length === 0 ? base : `${base}/${parts.join('/')}`
}

function setAttributes(extraction: Extraction, header: TarHeader, path: string): void {
  if (header.type !== 'file' && header.type !== 'directory') return
  for (const [name, value] of header.attributes) {
    if (name !== 'security.capability' && !name.startsWith('user.')) continue
    try {
      extraction.deps.kernel.attributes.set(path, name, value)
    } catch (error) {
      const code = errnoOf(error)
      if (code !== 'EOPNOTSUPP' && code !== 'ENOTSUP' && code !== 'EPERM') throw error
    }
  }
}

async function setDirectoryTimes(extraction: Extraction): Promise<void> {
  const { files } = extraction.deps
  for (const [relative, mtimeMs] of extraction.directoryTimes) {
    const slash = relative.lastIndexOf('/')
    const parent = tryOpen(extraction, slash < 0 ? [] : relative.slice(0, slash).split('/'))
    if (parent === undefined) continue
    using place = parent
    // It may have been replaced by a later entry; times of something else do no harm.
    await files.setTimes(`${place.path}/${relative.slice(slash + 1)}`, mtimeMs).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error
    })
  }
}

/** Parts of an entry's name, cleaned lexically. Throws when it climbs out or cannot be a path. */
function cleanName(name: string): string[] {
  if (name.includes('\uFFFD')) throw refuse(`a path is not UTF-8: ${JSON.stringify(name.slice(0, 100))}`)
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (parts.pop() === undefined && !name.startsWith('/'))
        throw refuse(`${JSON.stringify(name)} is outside of the destination`)
      continue
    }
    if (Buffer.byteLength(part) > componentBytesMax)
      throw refuse(`file name too long: ${JSON.stringify(name.slice(0, 64))}…`)
    parts.push(part)
  }
  return parts
}

function timeMs(header: TarHeader): number {
  return header.mtime.seconds * 1000 + header.mtime.nanos / 1e6
}

function refuse(message: string, cause?: unknown): GantryError {
  return new GantryError('ARCHIVE_REFUSED', 'invalid', message, {
    cause,
    remedy: 'The archive is damaged or hostile, or the destination does not fit it.',
  })
}
