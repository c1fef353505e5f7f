/**
 * Trees to tar entries: `docker cp` out of a container, `docker export`, layers from writable directories.
 * A container may rename things under our feet: every step goes from an open directory to one name in it, never
 * along a path, and a name that turns into a symlink meanwhile is not followed.
 */
import type { Readable } from 'node:stream'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files, FileStat } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import { keyOfText } from './tar-header.ts'
import type { TarTime } from './tar-header.ts'
import { createTarWriter } from './write-tar.ts'
import type { TarEntryOptions } from './write-tar.ts'

export interface PackDeps {
  readonly files: Files
  readonly kernel: Kernel
}

export interface WalkOptions {
  /** The tree is an overlay's writable directory: its whiteouts and opaque marks become `.wh.` entries. */
  readonly overlay?: boolean
  /** Whole seconds, as Docker's layers have them. */
  readonly truncateTimes?: boolean
  readonly clampTimesMs?: number
  /** Says `root` beside owner and group 0, as Docker's archives do (layers never have names). */
  readonly rootNames?: boolean
  /** Paths relative to the root to leave out, with all below them. */
  readonly exclude?: readonly string[]
  readonly signal?: AbortSignal
}

export interface PackOptions extends WalkOptions {
  /** First part of every name in the archive instead of the path's own last part; '' for none (the tree's content only). */
  readonly rebaseName?: string
  /** Follow a symlink at the end of the path. */
  readonly followLast?: boolean
}

/** One thing of a tree. */
export interface PackedEntry {
  readonly header: TarEntryOptions
  /** Its path from the root, as the layer store knows it (bytes-as-characters). */
  readonly pathKey: string
  /** What Docker counts for it. */
  readonly countedBytes: number
  /** Its content; to be read before the next entry is asked for. */
  content(): AsyncIterable<Uint8Array>
}

/** An open directory and where it is. */
interface Place {
  readonly path: string
  readonly relative: string
}

interface Walk {
  readonly deps: PackDeps
  readonly options: WalkOptions
  readonly excluded: ReadonlySet<string>
  /** First names of files with several links, by device and inode. */
  readonly links: Map<string, string>
}

const depthMax = 1024
const batchSize = 64

/** Everything below `root` (not the root itself), directories before their content, names in byte order. */
export async function* walkTree(deps: PackDeps, root: string, options: WalkOptions = {}): AsyncGenerator<PackedEntry> {
  using place = deps.kernel.openInRoot(root, '.', { directory: true })
  const walk: Walk = {
    deps,
    options,
    excluded: new Set((options.exclude ?? []).map((path) => path.replace(/^\/+|\/+$/g, ''))),
    links: new Map(),
  }
  yield* walkPlace(walk, { path: place.path, relative: '' }, 0)
}

/**
 * A tar of `path` inside `root`, as `docker cp` and `export` send it. Throws `not-found` when nothing is there; later
 * failures end the stream.
 */
export function packDirectory(
  deps: PackDeps,
  at: { readonly root: string; readonly path: string },
  options: PackOptions = {},
): Readable {
  const writer = createTarWriter()
  void packInto(deps, at, { options, writer }).then(
    () => writer.finish(),
    (error: unknown) => writer.fail(error instanceof Error ? error : new Error(String(error))),
  )
  return writer.output
}

async function packInto(
  deps: PackDeps,
  at: { readonly root: string; readonly path: string },
  to: { options: PackOptions; writer: ReturnType<typeof createTarWriter> },
): Promise<void> {
  const { options, writer } = to
  const trimmed = at.path.replace(/\/+$/, '')
  const base = trimmed.slice(trimmed.lastIndexOf('/') + 1)
  const parentPath = trimmed.slice(0, trimmed.length - base.length)
  const rebase = options.rebaseName ?? base
  const isFolder = ['', '.', '..'].includes(base)
  using parent = deps.kernel.openInRoot(at.root, (isFolder ? trimmed : parentPath) || '.', { directory: true })
  const walk: Walk = { deps, options, excluded: new Set(options.exclude ?? []), links: new Map() }
  if (isFolder) {
    await addAll(walk, writer, { place: { path: parent.path, relative: '' }, rebase })
    return
  }
  const followed =
    options.followLast === true ? deps.kernel.openInRoot(at.root, trimmed, { followLast: true }) : undefined
  using target = followed ?? deps.kernel.openInRoot(parent.path, base, { followLast: false })
  const stat = await deps.files.stat(target.path)
  if (stat.type === 'directory') {
    await addAll(walk, writer, { place: { path: target.path, relative: '' }, rebase, stat })
    return
  }
  const single = await describe(walk, { path: parent.path, relative: '' }, { name: base, stat })
  if (single !== undefined) await writer.add(renamed(single.header, rebase || base), single.content())
}

function renamed(header: TarEntryOptions, name: string): TarEntryOptions {
  return { ...header, name, nameKey: keyOfText(name) }
}

async function addAll(
  walk: Walk,
  writer: ReturnType<typeof createTarWriter>,
  from: { place: Place; rebase: string; stat?: FileStat },
): Promise<void> {
  const { place, rebase } = from
  // The root directory is named `/`, and what is in it `/name`.
  const prefix = rebase === '' ? '' : `${keyOfText(rebase).replace(/\/+$/, '')}/`
  const stat = from.stat ?? (await walk.deps.files.stat(place.path))
  if (rebase !== '') await writer.add({ ...headerOf(walk, { name: rebase, stat, relative: rebase }), nameKey: prefix })
  for await (const entry of walkPlace(walk, place, 0)) {
    const { header } = entry
    const renamed = {
      ...header,
      nameKey: prefix + (header.nameKey ?? ''),
      ...(header.type === 'hardlink' ? { linkKey: prefix + (header.linkKey ?? '') } : {}),
    }
    await writer.add(renamed, entry.content())
  }
}

async function* walkPlace(walk: Walk, place: Place, depth: number): AsyncGenerator<PackedEntry> {
  if (depth > depthMax)
    throw new GantryError(
      'ARCHIVE_TOO_DEEP',
      'invalid',
      `directories nest deeper than ${depthMax}: ${place.relative.slice(0, 100)}…`,
      { remedy: 'Remove the nesting.' },
    )
  const names = (await walk.deps.files.list(place.path)).map(({ name }) => name).sort(byBytes)
  for (let at = 0; at < names.length; at += batchSize) {
    walk.options.signal?.throwIfAborted()
    const batch = names.slice(at, at + batchSize).filter((name) => !walk.excluded.has(joined(place.relative, name)))
    const stats = await Promise.all(batch.map((name) => statOrGone(walk.deps.files, `${place.path}/${name}`)))
    for (const [index, name] of batch.entries()) {
      const stat = stats[index]
      if (stat !== undefined) yield* walkEntry(walk, place, { name, stat, depth })
    }
  }
}

async function* walkEntry(
  walk: Walk,
  place: Place,
  at: { name: string; stat: FileStat; depth: number },
): AsyncGenerator<PackedEntry> {
  const entry = await describe(walk, place, at)
  if (entry === undefined) return
  yield entry
  if (at.stat.type !== 'directory') return
  const opened = openDirectory(walk, place, at.name)
  if (opened === undefined) return
  using directory = opened
  if (walk.options.overlay === true && isOpaque(walk, `${place.path}/${at.name}`)) yield opaqueMarker(entry)
  yield* walkPlace(walk, { path: directory.path, relative: joined(place.relative, at.name) }, at.depth + 1)
}

/** The entry for one name; undefined for what archives cannot hold (sockets) or what is gone. */
async function describe(
  walk: Walk,
  place: Place,
  at: { name: string; stat: FileStat },
): Promise<PackedEntry | undefined> {
  const { stat, name } = at
  if (stat.type === 'socket' || stat.type === 'unknown') return undefined
  const relative = joined(place.relative, name)
  const pathKey = keyOfText(relative)
  const empty = { pathKey, countedBytes: 0, content: noContent }
  if (walk.options.overlay === true && stat.type === 'character' && stat.rdev === 0) {
    const whiteout = keyOfText(joined(place.relative, `.wh.${name}`))
    return { ...empty, header: { name: '', nameKey: whiteout, type: 'file', mode: 0o600, mtime: timeOf(walk, stat) } }
  }
  const header = headerOf(walk, { name, stat, relative })
  const first = rememberLink(walk, stat, pathKey)
  if (first !== undefined) return { ...empty, header: { ...header, type: 'hardlink', linkKey: first, sizeBytes: 0 } }
  if (stat.type === 'symlink') {
    const linkName = await walk.deps.files.readLink(`${place.path}/${name}`)
    return { ...empty, header: { ...header, linkName }, countedBytes: Buffer.byteLength(linkName) }
  }
  if (stat.type !== 'file' && stat.type !== 'directory') return { ...empty, header }
  const full = withCapability(walk, header, `${place.path}/${name}`)
  return stat.type === 'directory'
    ? { ...empty, header: full }
    : fileEntry(walk, place, { name, header: full, pathKey, sizeBytes: stat.sizeBytes })
}

function withCapability(walk: Walk, header: TarEntryOptions, path: string): TarEntryOptions {
  const attributes = capabilityOf(walk, path)
  return attributes === undefined ? header : { ...header, attributes }
}

function fileEntry(
  walk: Walk,
  place: Place,
  file: { name: string; header: TarEntryOptions; pathKey: string; sizeBytes: number },
): PackedEntry {
  const { name, header, pathKey, sizeBytes } = file
  return {
    header: { ...header, sizeBytes },
    pathKey,
    countedBytes: sizeBytes,
    content: () => readContent(walk, place, { name, sizeBytes }),
  }
}

async function* noContent(): AsyncGenerator<Uint8Array> {}

function headerOf(walk: Walk, at: { name: string; stat: FileStat; relative: string }): TarEntryOptions {
  const { stat, relative } = at
  const type = stat.type === 'unknown' || stat.type === 'socket' ? 'file' : stat.type
  const device = type === 'character' || type === 'block'
  return {
    name: relative,
    nameKey: keyOfText(relative),
    type,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    mtime: timeOf(walk, stat),
    ...(walk.options.rootNames === true && stat.uid === 0 ? { userName: 'root' } : {}),
    ...(walk.options.rootNames === true && stat.gid === 0 ? { groupName: 'root' } : {}),
    ...(device ? { deviceMajor: majorOf(stat.rdev), deviceMinor: minorOf(stat.rdev) } : {}),
  }
}

/**
 * Content of exactly the announced length: a file that grows is cut, one that shrinks is filled with zeros, so that
 * the archive stays readable whatever a live container does to its files.
 */
async function* readContent(
  walk: Walk,
  place: Place,
  at: { name: string; sizeBytes: number },
): AsyncGenerator<Uint8Array> {
  using file = walk.deps.kernel.openInRoot(place.path, at.name, { followLast: false })
  let left = (await walk.deps.files.stat(file.path)).type === 'file' ? at.sizeBytes : -1
  if (left < 0)
    throw new GantryError('ARCHIVE_FILE_CHANGED', 'conflict', `${at.name} changed while it was read`, {
      remedy: 'Try again.',
    })
  for await (const chunk of walk.deps.files.readStream(file.path, {
    end: at.sizeBytes,
    chunkBytes: 256 * 1024,
  }) as AsyncIterable<Uint8Array>) {
    const piece = chunk.subarray(0, left)
    left -= piece.byteLength
    yield piece
    if (left === 0) return
  }
  for (; left > 0; left -= Math.min(left, 65_536)) yield Buffer.alloc(Math.min(left, 65_536))
}

function openDirectory(walk: Walk, place: Place, name: string): ReturnType<Kernel['openInRoot']> | undefined {
  try {
    return walk.deps.kernel.openInRoot(place.path, name, { directory: true, followLast: false })
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    throw error
  }
}

async function statOrGone(files: Files, path: string): Promise<FileStat | undefined> {
  try {
    return await files.lstat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The name under which a file with several names came before; undefined for the first and for directories. */
function rememberLink(walk: Walk, stat: FileStat, pathKey: string): string | undefined {
  if (stat.type === 'directory' || stat.nlink < 2) return undefined
  const inode = `${stat.dev}:${stat.ino}`
  const first = walk.links.get(inode)
  if (first === undefined) walk.links.set(inode, pathKey)
  return first
}

function capabilityOf(walk: Walk, path: string): ReadonlyMap<string, Uint8Array> | undefined {
  const value = walk.deps.kernel.attributes.get(path, 'security.capability')
  return value === undefined ? undefined : new Map([['security.capability', value]])
}

function isOpaque(walk: Walk, path: string): boolean {
  const value = walk.deps.kernel.attributes.get(path, 'trusted.overlay.opaque')
  return value !== undefined && Buffer.from(value).toString('latin1') === 'y'
}

function opaqueMarker(directory: PackedEntry): PackedEntry {
  const { attributes: _none, ...header } = directory.header
  const nameKey = `${directory.pathKey}/.wh..wh..opq`
  return {
    header: { ...header, nameKey, type: 'file', mode: (header.mode ?? 0) & 0o777, sizeBytes: 0 },
    pathKey: nameKey,
    countedBytes: 0,
    content: async function* () {},
  }
}

function timeOf(walk: Walk, stat: FileStat): TarTime {
  const ms = walk.options.clampTimesMs === undefined ? stat.mtimeMs : Math.min(stat.mtimeMs, walk.options.clampTimesMs)
  const seconds = Math.floor(ms / 1000)
  return {
    seconds,
    nanos:
      walk.options.truncateTimes === true
        ? 0
        : Math.min(999_999_999, Math.max(0, Math.round((ms - seconds * 1000) * 1e6))),
  }
}

/** Linux's encoding of device numbers (makedev(3)). */
function majorOf(rdev: number): number {
  return Number(((BigInt(rdev) >> 8n) & 0xfffn) | ((BigInt(rdev) >> 32n) & 0xfffff000n))
}

function minorOf(rdev: number): number {
  return Number((BigInt(rdev) & 0xffn) | ((BigInt(rdev) >> 12n) & 0xffffff00n))
}

function joined(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`
}

function byBytes(a: string, b: string): number {
  const left = keyOfText(a)
  const right = keyOfText(b)
  return left < right ? -1 : left > right ? 1 : 0
}
