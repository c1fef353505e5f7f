/** Overlay snapshots on disk; `snapshot-types.ts` says what they promise and how they lie there. */
import type { Digest } from '#base/data/digest.ts'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { LayerStore } from '#images/layers/layer-types.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import { listChanges } from './changes.ts'
import { makeInitLayer } from './init-layer.ts'
import type { Snapshot, SnapshotRequest, Snapshots } from './snapshot-types.ts'

export interface SnapshotDeps {
  readonly files: Files
  readonly kernel: Kernel
  readonly random: Random
  readonly layers: LayerStore
}

const keyPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/

interface Context extends SnapshotDeps {
  readonly root: string
  readonly initPath: string
  readonly emptyPath: string
  readonly known: Map<string, Snapshot>
}

/** Opens the snapshots under `root`: sweeps half-made ones and forgotten views, mounts nothing. */
export async function createSnapshots(deps: SnapshotDeps, root: string): Promise<Snapshots> {
  const { files } = deps
  const context: Context = { ...deps, root, initPath: `${root}/init`, emptyPath: `${root}/empty`, known: new Map() }
  for (const name of ['by-key', 'views', 'empty', 'doomed'])
    await files.makeDirectory(`${root}/${name}`, { recursive: true, mode: 0o711 })
  await makeInitLayer(files, context.initPath)
  await sweep(context, `${root}/views`)
  await sweep(context, `${root}/doomed`)
  for (const { name } of await files.list(`${root}/by-key`)) {
    const snapshot = await readSnapshot(context, name)
    if (snapshot === undefined) await discard(context, `${root}/by-key/${name}`)
    else context.known.set(name, snapshot)
  }
  const need = (key: string): Snapshot => {
    const snapshot = context.known.get(key)
    if (snapshot === undefined)
      throw new GantryError('SNAPSHOT_MISSING', 'not-found', `snapshot ${key} does not exist`, {
        remedy: 'Create the container again.',
      })
    return snapshot
  }
  return {
    prepareWritable: (request) => prepare(context, request),
    get: (key) => context.known.get(key),
    list: () => [...context.known.values()],
    mount: async (key) => {
      const snapshot = need(key)
      if (!(await isMounted(context, snapshot.mergedPath))) mountSnapshot(context, snapshot)
      return snapshot
    },
    unmount: async (key) => {
      context.kernel.mounts.unmount(need(key).mergedPath, { detach: true })
      await Promise.resolve()
    },
    remove: async (key) => {
      if (!context.known.delete(key)) return
      await discard(context, `${root}/by-key/${key}`)
    },
    view: (diffIds) => makeView(context, diffIds),
    // Async, so that a key that there is not rejects and does not throw.
    usage: async (key) => await treeBytes(context, need(key).upperPath),
    changes: async (key) => {
      const snapshot = need(key)
      return await listChanges(context, snapshot.upperPath, {
        lowers: lowersOf(context, snapshot),
        initLayer: snapshot.withInitLayer,
      })
    },
    detachUpper: async (key) => {
      const snapshot = need(key)
      context.kernel.mounts.unmount(snapshot.mergedPath, { detach: true })
      const path = `${root}/doomed/${randomHex(deps.random, 8)}`
      await files.rename(snapshot.upperPath, path)
      context.known.delete(key)
      await discard(context, `${root}/by-key/${key}`)
      return path
    },
  }
}

async function prepare(context: Context, request: SnapshotRequest): Promise<Snapshot> {
  const { files, known, root } = context
  const { key, diffIds, withInitLayer = false, extraLowers = [] } = request
  if (!keyPattern.test(key))
    throw new GantryError('SNAPSHOT_KEY_INVALID', 'invalid', `invalid snapshot key ${JSON.stringify(key)}`, {
      remedy: 'Use letters, digits, dot, dash and underscore.',
    })
  if (known.has(key))
    throw new GantryError('SNAPSHOT_EXISTS', 'conflict', `snapshot ${key} exists already`, {
      remedy: 'Remove it first.',
    })
  const directory = `${root}/by-key/${key}`
  const snapshot = describe(context, { key, diffIds, withInitLayer, extraLowers })
  lowersOf(context, snapshot)
  known.set(key, snapshot)
  try {
    await files.makeDirectory(directory, { mode: 0o711 })
    for (const path of [snapshot.upperPath, snapshot.workPath, snapshot.mergedPath])
      await files.makeDirectory(path, { mode: 0o755 })
    await copyRootAttributes(context, snapshot)
    await files.write(`${directory}/snapshot.json`, JSON.stringify({ diffIds, withInitLayer, extraLowers }))
    mountSnapshot(context, snapshot)
    return snapshot
  } catch (error) {
    known.delete(key)
    await discard(context, directory)
    throw error
  }
}

/** The root directory of an overlay is the upper's own: it must look like the topmost layer's. */
async function copyRootAttributes({ files, layers }: Context, snapshot: Snapshot): Promise<void> {
  const below =
    snapshot.extraLowers[0] ??
    (snapshot.diffIds.length > 0 ? layers.pathOf(snapshot.diffIds.at(-1) as Digest) : undefined)
  if (below === undefined) return
  const { mode, uid, gid } = await files.stat(below)
  await files.chown(snapshot.upperPath, uid, gid)
  await files.chmod(snapshot.upperPath, mode)
}

function describe(
  context: Context,
  parts: Pick<Snapshot, 'key' | 'diffIds' | 'withInitLayer' | 'extraLowers'>,
): Snapshot {
  const directory = `${context.root}/by-key/${parts.key}`
  return { ...parts, mergedPath: `${directory}/merged`, upperPath: `${directory}/upper`, workPath: `${directory}/work` }
}

function lowersOf(
  { layers, initPath, emptyPath }: Context,
  snapshot: Pick<Snapshot, 'diffIds' | 'withInitLayer' | 'extraLowers'>,
): string[] {
  const lowers = [
    ...snapshot.extraLowers,
    ...(snapshot.withInitLayer ? [initPath] : []),
    ...uniqueTopmost(snapshot.diffIds).map((diffId) => layers.pathOf(diffId)),
  ]
  return lowers.length === 0 ? [emptyPath] : lowers
}

/** Topmost first; of a layer that occurs twice only the topmost counts (the kernel refuses the same directory twice). */
function uniqueTopmost(diffIds: readonly Digest[]): Digest[] {
  return [...new Set(diffIds.toReversed())]
}

function mountSnapshot(context: Context, snapshot: Snapshot): void {
  context.kernel.mounts.overlay({
    lower: lowersOf(context, snapshot),
    upper: snapshot.upperPath,
    work: snapshot.workPath,
    target: snapshot.mergedPath,
  })
}

async function makeView(
  context: Context,
  diffIds: readonly Digest[],
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = `${context.root}/views/${randomHex(context.random, 8)}`
  await context.files.makeDirectory(path, { mode: 0o711 })
  try {
    const lower = lowersOf(context, { diffIds, withInitLayer: false, extraLowers: [] })
    // An overlay of one directory without an upper is refused; the empty one beside it changes nothing.
    context.kernel.mounts.overlay({
      lower:
        lower.length === 1 && lower[0] !== context.emptyPath
          ? [...lower, context.emptyPath]
          : lower.length === 1
            ? [...lower, context.initPath]
            : lower,
      target: path,
    })
  } catch (error) {
    await context.files.remove(path, { recursive: true, force: true })
    throw error
  }
  return { path, [Symbol.asyncDispose]: () => discard(context, path) }
}

async function isMounted({ kernel }: Context, path: string): Promise<boolean> {
  return (await kernel.mounts.listBelow(path)).includes(path)
}

/** Unmounts whatever is at or below, then removes; nothing is deleted through a mount that would not go. */
async function discard(context: Context, directory: string): Promise<void> {
  for (const path of await context.kernel.mounts.listBelow(directory))
    context.kernel.mounts.unmount(path, { detach: true })
  if ((await context.kernel.mounts.listBelow(directory)).length > 0) {
    throw new GantryError('SNAPSHOT_BUSY', 'conflict', `${directory} is still mounted`, {
      remedy: 'Stop what uses it and try again.',
    })
  }
  await context.files.remove(directory, { recursive: true, force: true })
}

async function sweep(context: Context, directory: string): Promise<void> {
  for (const { name } of await context.files.list(directory)) await discard(context, `${directory}/${name}`)
}

async function readSnapshot(context: Context, key: string): Promise<Snapshot | undefined> {
  try {
    const stored = JSON.parse(await context.files.readText(`${context.root}/by-key/${key}/snapshot.json`)) as Pick<
      Snapshot,
      'diffIds' | 'withInitLayer' | 'extraLowers'
    >
    return describe(context, { key, ...stored })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Sizes of all files and symlinks, hard links once. */
async function treeBytes({ files }: Context, root: string): Promise<number> {
  const seen = new Set<number>()
  let total = 0
  const pending = [root]
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const names = await files.list(directory).catch(ignoreGone([]))
    for (const { name, type } of names) {
      const path = `${directory}/${name}`
      if (type === 'directory') {
        pending.push(path)
        continue
      }
      const stat = await files.lstat(path).catch(ignoreGone(undefined))
      if (stat === undefined || (stat.nlink > 1 && seen.has(stat.ino))) continue
      seen.add(stat.ino)
      total += stat.sizeBytes
    }
  }
  return total
}

/** A live container removes things while we look. */
function ignoreGone<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return instead
    throw error
  }
}
