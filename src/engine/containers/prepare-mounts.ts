/** Makes a container's mounts ready for one run: volumes acquired and filled, binds checked and staged, options written. */
import { join } from 'node:path'
import type { UndoStack } from '#base/async/undo-stack.ts'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { SpecMount } from '#engine/runtime/oci-spec.ts'
import type { ContainerMount, ContainerRecord } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'

export interface MountWork {
  readonly record: ContainerRecord
  readonly bundle: string
  readonly rootPath: string
  readonly undo: UndoStack
}

const depthOf = (path: string): number => path.split('/').filter((name) => name !== '').length

function bindOptions(mount: ContainerMount): string[] {
  const propagation = mount.point.Propagation === '' ? 'rprivate' : mount.point.Propagation
  return [mount.recursive ? 'rbind' : 'bind', mount.point.RW ? 'rw' : 'ro', propagation]
}

/** An empty volume takes over what the image has at its place, with owners and modes (unless `nocopy`). */
export async function fillVolume(
  parts: EngineParts,
  mount: ContainerMount,
  { rootPath, volumePath }: { readonly rootPath: string; readonly volumePath: string },
): Promise<void> {
  const { files, kernel, processes } = parts.world
  if (!mount.copyUp || (await files.list(volumePath)).length > 0) return
  try {
    using place = kernel.openInRoot(rootPath, mount.point.Destination)
    const stat = await files.stat(place.path)
    if (stat.type !== 'directory') return
    const source = place.path.replace('/proc/self/', `/proc/${processes.self.pid}/`)
    const result = await processes.run('cp', ['-a', '--', `${source}/.`, volumePath])
    if (result.exitCode !== 0)
      throw new GantryError(
        'ENGINE_COPY_UP',
        'internal',
        `error populating volume ${mount.point.Name ?? ''}: ${result.stderr.trim()}`,
      )
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return
    throw error
  }
}

/** One mount of a start. */
interface MountTask {
  readonly work: MountWork
  readonly mount: ContainerMount
  /** Its place among the container's mounts. */
  readonly index: number
}

interface StagedSource {
  readonly source: string
  readonly recursive: boolean
  readonly directory: boolean
}

/** Puts a source under the engine's own shared folder, where the runtime's namespace sees it whatever was mounted since. */
function stage(parts: EngineParts, task: MountTask, from: StagedSource): Promise<string> {
  const { work } = task
  const target = join(work.bundle, 'mounts', String(task.index))
  const { files, kernel } = parts.world
  const makeTarget = from.directory
    ? files.makeDirectory(target, { recursive: true })
    : files.makeDirectory(join(work.bundle, 'mounts'), { recursive: true }).then(() => files.write(target, ''))
  return makeTarget.then(() => {
    kernel.mounts.bind({ source: from.source, target, recursive: from.recursive, follows: true })
    work.undo.defer(() => kernel.mounts.unmount(target, { detach: true }))
    return target
  })
}

async function prepareBind(parts: EngineParts, task: MountTask): Promise<SpecMount> {
  const { mount } = task
  const { files } = parts.world
  const source = mount.point.Source
  if (!(await files.exists(source))) {
    if (mount.createSource !== true) {
      throw new GantryError(
        'ENGINE_BIND_SOURCE',
        'invalid',
        `invalid mount config for type "bind": bind source path does not exist: ${source}`,
      )
    }
    await files.makeDirectory(source, { recursive: true })
  }
  const { runtime } = await parts.runtimes.named(task.work.record.hostConfig.Runtime)
  const staged = runtime.launch.length > 0
  const directory = (await files.stat(source)).type === 'directory'
  const from = staged ? await stage(parts, task, { source, recursive: mount.recursive, directory }) : source
  return { destination: mount.point.Destination, type: 'bind', source: from, options: bindOptions(mount) }
}

async function prepareVolume(parts: EngineParts, task: MountTask): Promise<SpecMount> {
  const { work, mount } = task
  const { record } = work
  const name = mount.point.Name ?? ''
  const path = await parts.volumes.acquire(name, record.id)
  work.undo.defer(() => parts.volumes.release(name, record.id))
  await fillVolume(parts, mount, { rootPath: work.rootPath, volumePath: path })
  const attributes = {
    container: record.id,
    destination: mount.point.Destination,
    driver: mount.point.Driver ?? 'local',
    propagation: mount.point.Propagation,
    'read/write': String(mount.point.RW),
  }
  parts.emit({ type: 'volume', action: 'mount', id: name, attributes })
  let source = path
  if (mount.subpath !== undefined) {
    using place = parts.world.kernel.openInRoot(path, mount.subpath)
    const directory = (await parts.world.files.stat(place.path)).type === 'directory'
    source = await stage(parts, task, { source: place.path, recursive: true, directory })
  }
  return { destination: mount.point.Destination, type: 'bind', source, options: bindOptions(mount) }
}

const tmpfsFlags = new Set(
  (
    'defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime diratime ' +
    'nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime norelatime ' +
    'strictatime nostrictatime'
  ).split(' '),
)
const tmpfsSettings = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol'])

function checkTmpfsOption(option: string): void {
  const separator = option.indexOf('=')
  if (separator < 0 ? tmpfsFlags.has(option) : tmpfsSettings.has(option.slice(0, separator))) return
  throw new GantryError('ENGINE_TMPFS_OPTION', 'invalid', `invalid tmpfs option [${JSON.stringify(option)}]`, {
    remedy: 'Options are those of mount(8) and of tmpfs: size, mode, uid, gid, nr_inodes, nr_blocks, mpol.',
  })
}

function prepareTmpfs(mount: ContainerMount): SpecMount {
  for (const option of mount.tmpfs ?? []) checkTmpfsOption(option)
  const options = ['nosuid', 'nodev', 'noexec', ...(mount.tmpfs ?? [])]
  const positive = new Map([
    ['suid', 'nosuid'],
    ['dev', 'nodev'],
    ['exec', 'noexec'],
  ])
  const undone = new Set(options.map((word) => positive.get(word)).filter((word) => word !== undefined))
  return {
    destination: mount.point.Destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: options.filter((word) => !undone.has(word) && !positive.has(word)),
  }
}

async function prepareImage(parts: EngineParts, task: MountTask): Promise<SpecMount> {
  const { work, mount } = task
  const view = await parts.images.snapshots.view(parts.images.resolve(mount.point.Source).diffIds)
  work.undo.defer(() => view[Symbol.asyncDispose]())
  using place = parts.world.kernel.openInRoot(view.path, mount.subpath ?? '/')
  const source = await stage(parts, task, { source: place.path, recursive: true, directory: true })
  return { destination: mount.point.Destination, type: 'bind', source, options: ['rbind', 'ro', 'rprivate'] }
}

/**
 * The container's own mounts for the OCI configuration, outermost first.
 * @throws GantryError when a bind source is missing or a volume cannot be mounted.
 */
export async function prepareMounts(parts: EngineParts, work: MountWork): Promise<SpecMount[]> {
  const prepared: SpecMount[] = []
  const ordered = work.record.mounts.toSorted((a, b) => depthOf(a.point.Destination) - depthOf(b.point.Destination))
  for (const [index, mount] of ordered.entries()) {
    if (mount.point.Type === 'tmpfs') prepared.push(prepareTmpfs(mount))
    else if (mount.point.Type === 'bind') prepared.push(await prepareBind(parts, { work, mount, index }))
    else if (mount.point.Type === 'volume') prepared.push(await prepareVolume(parts, { work, mount, index }))
    else prepared.push(await prepareImage(parts, { work, mount, index }))
  }
  return prepared
}

/** Lets go of what `prepareMounts` took, after a run. Failures are logged: the rest must still be let go of. */
export async function releaseMounts(parts: EngineParts, record: ContainerRecord, bundle: string): Promise<void> {
  for (const target of await parts.world.kernel.mounts.listBelow(bundle))
    parts.world.kernel.mounts.unmount(target, { detach: true })
  for (const mount of record.mounts) {
    if (mount.point.Type !== 'volume') continue
    await parts.volumes.release(mount.point.Name ?? '', record.id)
  }
}

/** Events of the volumes that a run let go of. */
export function tellUnmounted(parts: EngineParts, record: ContainerRecord): void {
  for (const { point } of record.mounts) {
    if (point.Type !== 'volume') continue
    const attributes = { container: record.id, driver: point.Driver ?? 'local' }
    parts.emit({ type: 'volume', action: 'unmount', id: point.Name ?? '', attributes })
  }
}
