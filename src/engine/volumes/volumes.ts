/**
 * Named and anonymous volumes of the local driver: folders that outlive containers, or whatever the driver's options
 * mount on them while somebody uses them.
 *
 *     volumes/NAME/_data   the content
 */
import { join } from 'node:path'
import { createKeyedMutex } from '#base/async/keyed-mutex.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { RecordTable } from '#engine/records/record-table.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Random } from '#world/ports/random.ts'
import { parseVolumeOptions, viewVolume } from './volume-record.ts'
import type { VolumeMountOptions, VolumeRecord, VolumeView } from './volume-record.ts'

export interface VolumesDeps {
  readonly clock: Clock
  readonly random: Random
  readonly files: Files
  readonly kernel: Kernel
  readonly table: RecordTable<VolumeRecord>
  /** Ids of containers that have the volume among their mounts, running or not. */
  readonly usersOf: (name: string) => readonly string[]
  readonly onEvent: (action: string, name: string, attributes: Readonly<Record<string, string>>) => void
}

export interface CreateVolumeRequest {
  /** Empty: a name of 64 hex digits is made up, and the volume counts as anonymous. */
  readonly name: string
  readonly driver: string
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

export interface Volumes {
  /** Makes a volume; one that exists with the same driver is returned as it is. */
  create(request: CreateVolumeRequest): Promise<VolumeRecord>
  find(name: string): VolumeRecord | undefined
  /** @throws GantryError not-found "get NAME: no such volume". */
  resolve(name: string): VolumeRecord
  all(): VolumeRecord[]
  view(record: VolumeRecord): VolumeView
  pathOf(name: string): string
  /** Removes a volume and its content. @throws GantryError conflict while a container has it. */
  remove(name: string, options?: { readonly force?: boolean }): Promise<void>
  /** Makes the content available for a container's run; call `release` when the run ends. */
  acquire(name: string, containerId: string): Promise<string>
  release(name: string, containerId: string): Promise<void>
  /** Bytes on disk. */
  sizeBytes(name: string): Promise<number>
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
const flagWords = new Set([
  'ro',
  'rw',
  'nosuid',
  'nodev',
  'noexec',
  'noatime',
  'nodiratime',
  'relatime',
  'sync',
  'dirsync',
  'bind',
  'rbind',
])

function checkRequest(request: CreateVolumeRequest): void {
  const { name, driver } = request
  if (driver !== '' && driver !== 'local') {
    throw new GantryError(
      'ENGINE_VOLUME_DRIVER',
      'not-found',
      `error looking up volume plugin ${driver}: plugin "${driver}" not found`,
      {
        remedy: 'Only the local driver is built in.',
      },
    )
  }
  if (name !== '' && !namePattern.test(name)) {
    throw new GantryError(
      'ENGINE_VOLUME_NAME',
      'invalid',
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    )
  }
}

/** Opens the volumes under `root`; folders without a record (a crash before the first write) are removed. */
export async function createVolumes(deps: VolumesDeps, root: string): Promise<Volumes> {
  const { files, table } = deps
  const records = await table.load()
  const locks = createKeyedMutex()
  /** Runs that use a volume now; driver options are mounted while there is one. */
  const users = new Map<string, Set<string>>()
  const folder = (name: string): string => join(root, name)
  const pathOf = (name: string): string => join(folder(name), '_data')

  await files.makeDirectory(root, { recursive: true, mode: 0o701 })
  for (const entry of await files.list(root)) {
    if (!records.has(entry.name)) await files.remove(folder(entry.name), { recursive: true, force: true })
  }

  const resolve = (name: string): VolumeRecord => {
    const record = records.get(name)
    if (record === undefined)
      throw new GantryError('ENGINE_NO_SUCH_VOLUME', 'not-found', `get ${name}: no such volume`, {
        remedy: 'docker volume ls lists them.',
      })
    return record
  }

  const create = async (request: CreateVolumeRequest): Promise<VolumeRecord> => {
    checkRequest(request)
    const name = request.name === '' ? Buffer.from(deps.random.bytes(32)).toString('hex') : request.name
    return locks.run(name, async () => {
      const existing = records.get(name)
      if (existing !== undefined) return existing
      parseVolumeOptions(name, request.options)
      const record: VolumeRecord = {
        name,
        driver: 'local',
        options: request.options,
        labels: request.labels,
        createdAt: deps.clock.now(),
        anonymous: request.name === '',
      }
      await files.makeDirectory(pathOf(name), { recursive: true, mode: 0o755 })
      await table.save(name, record)
      records.set(name, record)
      deps.onEvent('create', name, { driver: 'local' })
      return record
    })
  }

  const remove = (name: string, options: { readonly force?: boolean } = {}): Promise<void> =>
    locks.run(name, async () => {
      if (options.force === true && !records.has(name)) return
      resolve(name)
      const inUse = deps.usersOf(name)
      if (inUse.length > 0) {
        throw new GantryError(
          'ENGINE_VOLUME_IN_USE',
          'conflict',
          `remove ${name}: volume is in use - [${inUse.join(', ')}]`,
          {
            remedy: 'Remove the containers that have it first.',
          },
        )
      }
      deps.kernel.mounts.unmount(pathOf(name), { detach: true })
      // The record goes first: a folder without one is swept at the next start, a record without a folder is not.
      await table.remove(name)
      records.delete(name)
      await files.remove(folder(name), { recursive: true, force: true })
      deps.onEvent('destroy', name, { driver: 'local' })
    })

  const acquire = (name: string, containerId: string): Promise<string> =>
    locks.run(name, async () => {
      const record = resolve(name)
      const active = users.get(name) ?? new Set()
      const mount = parseVolumeOptions(name, record.options)
      if (mount !== undefined && active.size === 0) mountVolume(deps.kernel, mount, { name, target: pathOf(name) })
      users.set(name, active.add(containerId))
      return pathOf(name)
    })

  const release = (name: string, containerId: string): Promise<void> =>
    locks.run(name, async () => {
      const active = users.get(name)
      active?.delete(containerId)
      if (active?.size !== 0) return
      users.delete(name)
      if (parseVolumeOptions(name, records.get(name)?.options ?? {}) !== undefined)
        deps.kernel.mounts.unmount(pathOf(name), { detach: true })
    })

  return {
    create,
    remove,
    acquire,
    release,
    resolve,
    pathOf,
    find: (name) => records.get(name),
    all: () => [...records.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    view: (record) => viewVolume(record, pathOf(record.name)),
    sizeBytes: (name) => treeSizeBytes(files, pathOf(name)),
  }
}

function mountVolume(
  kernel: Kernel,
  mount: VolumeMountOptions,
  at: { readonly name: string; readonly target: string },
): void {
  const { type, device, words } = mount
  try {
    if (words.includes('bind') || words.includes('rbind')) {
      kernel.mounts.bind({
        source: device,
        target: at.target,
        recursive: words.includes('rbind'),
        readOnly: words.includes('ro'),
      })
      return
    }
    const data = words.filter((word) => !flagWords.has(word)).join(',')
    kernel.mounts.mount({
      type,
      source: device,
      target: at.target,
      flags: words.filter((word) => flagWords.has(word)),
      ...(data === '' ? {} : { data }),
    })
  } catch (error) {
    throw new GantryError(
      'ENGINE_VOLUME_MOUNT',
      'internal',
      `error while mounting volume '${at.target}': failed to mount local volume: mount ${device}:${at.target}: ${String(error)}`,
      { cause: error },
    )
  }
}

async function treeSizeBytes(files: Files, path: string): Promise<number> {
  let total = 0
  for (const entry of await files.list(path)) {
    const child = join(path, entry.name)
    if (entry.type === 'directory') total += await treeSizeBytes(files, child)
    else total += (await files.lstat(child)).sizeBytes
  }
  return total
}
