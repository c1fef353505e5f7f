/** `docker cp`: looks at, reads and writes paths of a container, running or not. */
import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import { decompress } from '#images/archive/decompress.ts'
import { packDirectory } from '#images/archive/pack-directory.ts'
import { limitsForSpace } from '#images/archive/tar-limits.ts'
import type { Container } from '#engine/containers/container-book.ts'
import type { ContainerRecord } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { attributesOf } from '#engine/containers/event-attributes.ts'
import { readAccounts } from '#engine/containers/root-files.ts'
import { planUser } from '#engine/runtime/plan-user.ts'
import { withContainerLayer, withContainerRoot } from './container-root.ts'
import { extractTar } from './extract-tar.ts'
import { absolutePath, resolvePath } from './resolve-path.ts'
import { findPath, pathMissing } from './stat-path.ts'
import type { PathStat } from './stat-path.ts'

/** A path of a container, both as the client wrote them. */
export interface PathOfContainer {
  readonly path: string
  readonly container: string
}

/** What is at a path. @throws GantryError not-found "Could not find the file X in container Y". */
export async function statContainerPath(
  parts: EngineParts,
  container: Container,
  at: PathOfContainer,
): Promise<PathStat> {
  return await withContainerRoot(parts, container, async (root) => (await findPath(parts.world, root.path, at)).stat)
}

/**
 * Hands a tar of a path to `send`; its entries are named from the path's last name. It must be read to its end before
 * `send` resolves.
 */
export async function readContainerPath(
  parts: EngineParts,
  container: Container,
  at: PathOfContainer & {
    readonly signal: AbortSignal
    readonly send: (stat: PathStat, tar: Readable) => Promise<void>
  },
): Promise<void> {
  await withContainerRoot(parts, container, async (root) => {
    const found = await findPath(parts.world, root.path, at)
    const tar = packDirectory(
      parts.world,
      { root: root.path, path: found.type === 'directory' ? posix.join(found.resolved, '.') : found.resolved },
      { rebaseName: found.stat.name, rootNames: true, signal: at.signal },
    )
    await at.send(found.stat, tar)
  })
  parts.emit({
    type: 'container',
    action: 'archive-path',
    id: container.id,
    attributes: attributesOf(container.record),
  })
}

export interface WriteOptions {
  readonly keepKinds: boolean
  /** Everything becomes the container user's instead of keeping the owners of the archive. */
  readonly asContainerUser: boolean
  readonly signal: AbortSignal
}

/** Whatever is wrong with an archive has one beginning in Docker's words, which clients know. */
function refuseArchive(error: unknown): never {
  if (!(error instanceof GantryError)) throw error
  throw new GantryError(error.code, error.kind, `Error processing tar file(exit status 1): ${error.message}`, {
    cause: error,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  })
}

/** The mount that a path of the container lies in; undefined: its own filesystem. Pure. */
export function mountOf(record: ContainerRecord, path: string): ContainerRecord['mounts'][number] | undefined {
  return record.mounts
    .filter(({ point }) => path === point.Destination || path.startsWith(`${point.Destination}/`))
    .toSorted((a, b) => b.point.Destination.length - a.point.Destination.length)[0]
}

/** @throws GantryError forbidden when the place is read-only for the container. */
function checkWritable(record: ContainerRecord, path: string): void {
  const mount = mountOf(record, path)
  if (mount !== undefined && !mount.point.RW)
    throw new GantryError('ENGINE_READ_ONLY', 'forbidden', 'mounted volume is marked read-only', {
      remedy: 'Write to a volume, or create the container without --read-only.',
    })
  if (mount === undefined && record.hostConfig.ReadonlyRootfs)
    throw new GantryError('ENGINE_READ_ONLY', 'forbidden', 'container rootfs is marked read-only', {
      remedy: 'Write to a volume, or create the container without --read-only.',
    })
}

async function ownerFor(
  parts: EngineParts,
  record: ContainerRecord,
  root: string,
): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (record.config.User === '') return undefined
  return planUser(record.config.User, [], await readAccounts(parts.world, root))
}

/**
 * Unpacks a tar (any compression) into a directory of a container.
 * @throws GantryError not-found, invalid when the path is no directory or the archive is bad, forbidden when read-only.
 */
export async function writeContainerPath(
  parts: EngineParts,
  container: Container,
  request: { readonly at: PathOfContainer; readonly source: AsyncIterable<Uint8Array>; readonly options: WriteOptions },
): Promise<void> {
  const { at, options } = request
  const { files, kernel, processes } = parts.world
  const { record } = container
  await withContainerRoot(parts, container, async (root) => {
    let resolved: string
    try {
      resolved = await resolvePath(parts.world, root.path, { path: absolutePath(at.path), followLast: true })
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') throw pathMissing(at.path, at.container)
      throw error
    }
    using place = kernel.openInRoot(root.path, resolved)
    if ((await files.stat(place.path)).type !== 'directory')
      throw new GantryError('ENGINE_NOT_A_DIRECTORY', 'invalid', 'extraction point is not a directory', {
        remedy: 'Choose another working directory, or change the image.',
      })
    checkWritable(record, resolved)
    const { freeBytes } = await files.space(place.path)
    const plain = await decompress(request.source, processes, { signal: options.signal })
    await extractTar(parts.world, plain, {
      root: root.path,
      directory: resolved,
      keepKinds: options.keepKinds,
      owner: options.asContainerUser ? await ownerFor(parts, record, root.path) : undefined,
      limits: limitsForSpace(freeBytes),
      signal: options.signal,
    }).catch(refuseArchive)
  })
  parts.emit({ type: 'container', action: 'extract-to-dir', id: container.id, attributes: attributesOf(record) })
}

/** Hands a tar of a container's own filesystem (no volumes) to `send`, which must read it to its end. */
export async function exportContainer(
  parts: EngineParts,
  container: Container,
  options: { readonly signal: AbortSignal; readonly send: (tar: Readable) => Promise<void> },
): Promise<void> {
  await withContainerLayer(parts, container, (root) =>
    options.send(
      packDirectory(
        parts.world,
        { root: root.path, path: '/' },
        { rebaseName: '', rootNames: true, signal: options.signal },
      ),
    ),
  )
  parts.emit({ type: 'container', action: 'export', id: container.id, attributes: attributesOf(container.record) })
}
