/**
 * A container's filesystem as the container sees it, with its volumes and binds: for a running one through its own mount
 * namespace, for a stopped one put together for as long as somebody works in it.
 *
 *     bundles/ID.root/   the writable layer, with volumes and binds mounted over it; gone after each use
 */
import { join } from 'node:path'
import { createUndoStack } from '#base/async/undo-stack.ts'
import type { UndoStack } from '#base/async/undo-stack.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { RootedPath } from '#world/ports/kernel.ts'
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { ContainerMount, ContainerRecord } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { fillVolume } from '#engine/containers/prepare-mounts.ts'
import { ensureDirectoryInRoot } from '#engine/containers/root-files.ts'
import type { Snapshot } from '#images/snapshots/snapshot-types.ts'

/** Where to find a container's files for now. */
export interface ContainerRoot {
  /** Directory to hand to `Kernel.openInRoot`. */
  readonly path: string
}

const stagedSuffix = '.root'
const depthOf = (path: string): number => path.split('/').length

/** The root of a running container, held open; undefined when it does not run (any more). */
async function openLive(parts: EngineParts, container: Container): Promise<RootedPath | undefined> {
  const { state } = container.record
  if (!isAlive(state) || state.pid === 0) return undefined
  const { kernel, processes } = parts.world
  let place: RootedPath
  try {
    place = kernel.openInRoot(`/proc/${state.pid}/root`, '/', { directory: true })
  } catch {
    // It ended between the two lines; the caller looks again.
    return undefined
  }
  // The number could belong to another process by now: what was opened counts only if it does not.
  if ((await processes.startTicks(state.pid)) === state.startTicks) return place
  place[Symbol.dispose]()
  return undefined
}

/** The writable layer of a container that does not run, mounted; made when it never ran. */
export async function mountLayer(parts: EngineParts, record: ContainerRecord, undo: UndoStack): Promise<Snapshot> {
  const { snapshots } = parts.images
  const known = snapshots.get(record.id) !== undefined
  undo.defer(() => snapshots.unmount(record.id))
  if (known) return snapshots.mount(record.id)
  return snapshots.prepareWritable({ key: record.id, diffIds: record.layers, withInitLayer: true })
}

/** Work on a stopped container's mounts. */
interface StageWork {
  readonly record: ContainerRecord
  /** The writable layer, mounted. */
  readonly mergedPath: string
  /** Where everything is put together. */
  readonly path: string
  readonly undo: UndoStack
}

async function sourceOf(parts: EngineParts, work: StageWork, mount: ContainerMount): Promise<string | undefined> {
  const { files } = parts.world
  if (mount.point.Type === 'volume') {
    const name = mount.point.Name ?? ''
    // Under a name of its own, so that a run that begins right after keeps what it acquired.
    const holder = `${work.record.id}${stagedSuffix}`
    const path = await parts.volumes.acquire(name, holder)
    work.undo.defer(() => parts.volumes.release(name, holder))
    await fillVolume(parts, mount, { rootPath: work.mergedPath, volumePath: path })
    return path
  }
  if (mount.point.Type !== 'bind') return undefined
  if (await files.exists(mount.point.Source)) return mount.point.Source
  if (mount.createSource !== true) return undefined
  await files.makeDirectory(mount.point.Source, { recursive: true })
  return mount.point.Source
}

async function mountOver(parts: EngineParts, work: StageWork, mount: ContainerMount): Promise<void> {
  const source = await sourceOf(parts, work, mount)
  if (source === undefined) return
  const stage = work.path
  const { files, kernel } = parts.world
  const directory = (await files.stat(source)).type === 'directory'
  const { Destination } = mount.point
  await ensureDirectoryInRoot(parts.world, stage, directory ? Destination : join(Destination, '..'))
  if (!directory) kernel.openInRoot(stage, Destination, { create: 0o644 })[Symbol.dispose]()
  using target = kernel.openInRoot(stage, Destination)
  if (mount.subpath === undefined) {
    kernel.mounts.bind({ source, target: target.path, recursive: mount.recursive, follows: true })
    return
  }
  using below = kernel.openInRoot(source, mount.subpath)
  kernel.mounts.bind({ source: below.path, target: target.path, recursive: mount.recursive, follows: true })
}

async function unmountStage(parts: EngineParts, stage: string): Promise<void> {
  const { files, kernel } = parts.world
  for (const target of await kernel.mounts.listBelow(stage)) kernel.mounts.unmount(target, { detach: true })
  // Not recursive: a mount that would not go must not lose its files.
  await files.remove(stage, { force: true })
}

/** Puts a stopped container's filesystem together. The caller holds its lock. */
async function stage(parts: EngineParts, record: ContainerRecord, undo: UndoStack): Promise<ContainerRoot> {
  const { files, kernel } = parts.world
  const { mergedPath } = await mountLayer(parts, record, undo)
  const mounts = record.mounts
    .filter(({ point }) => point.Type === 'volume' || point.Type === 'bind')
    .toSorted((a, b) => depthOf(a.point.Destination) - depthOf(b.point.Destination))
  if (mounts.length === 0) return { path: mergedPath }
  const path = join(parts.paths.bundles, `${record.id.slice(0, 24)}${stagedSuffix}`)
  await unmountStage(parts, path)
  await files.makeDirectory(path, { recursive: true, mode: 0o700 })
  undo.defer(() => unmountStage(parts, path))
  kernel.mounts.bind({ source: mergedPath, target: path, propagation: 'private' })
  for (const mount of mounts) await mountOver(parts, { record, mergedPath, path, undo }, mount)
  return { path }
}

function requireThere(parts: EngineParts, container: Container): void {
  if (parts.book.find(container.id) === undefined)
    throw new GantryError('ENGINE_NO_SUCH_CONTAINER', 'not-found', `No such container: ${container.id}`)
}

/**
 * Runs `use` with a container that does not run, under its lock: nobody starts, changes or removes it meanwhile.
 * Undefined when it runs by now.
 */
export async function whileStopped<T>(
  parts: EngineParts,
  container: Container,
  use: (undo: UndoStack) => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  return await parts.book.locks.run(container.id, async () => {
    requireThere(parts, container)
    if (isAlive(container.record.state)) return undefined
    await using undo = createUndoStack((error) =>
      parts.log.warn('a stopped container was not put away', { container: container.id, error }),
    )
    return { value: await use(undo) }
  })
}

/**
 * Runs `use` on a container's filesystem, volumes and binds included; it is there until `use` is done.
 * @throws GantryError not-found when the container was removed meanwhile.
 */
export async function withContainerRoot<T>(
  parts: EngineParts,
  container: Container,
  use: (root: ContainerRoot) => Promise<T>,
): Promise<T> {
  for (;;) {
    const live = await openLive(parts, container)
    if (live !== undefined) {
      using root = live
      return await use({ path: root.path })
    }
    const done = await whileStopped(parts, container, async (undo) => use(await stage(parts, container.record, undo)))
    if (done !== undefined) return done.value
  }
}

/** Runs `use` on a container's own layer alone, without volumes and binds (export). */
export async function withContainerLayer<T>(
  parts: EngineParts,
  container: Container,
  use: (root: ContainerRoot) => Promise<T>,
): Promise<T> {
  for (;;) {
    if (isAlive(container.record.state)) {
      const snapshot = parts.images.snapshots.get(container.id)
      if (snapshot === undefined)
        throw new GantryError(
          'ENGINE_NO_LAYER',
          'internal',
          `container ${container.id} runs without a filesystem of ours`,
        )
      using held = parts.world.kernel.openInRoot(snapshot.mergedPath, '/', { directory: true })
      return await use({ path: held.path })
    }
    const done = await whileStopped(parts, container, async (undo) =>
      use({ path: (await mountLayer(parts, container.record, undo)).mergedPath }),
    )
    if (done !== undefined) return done.value
  }
}

/** Takes away what an engine that was killed left mounted. To be called before containers are looked at. */
export async function clearStagedRoots(parts: EngineParts): Promise<void> {
  for (const { name } of await parts.world.files.list(parts.paths.bundles)) {
    if (name.endsWith(stagedSuffix)) await unmountStage(parts, join(parts.paths.bundles, name))
  }
}
