/**
 * Named and anonymous volumes of the local driver: folders that outlive containers, or whatever the driver's options
 * mount on them while somebody uses them.
 *
 *     volumes/NAME/_data   the content
 */
import { join } from 'node:path'
import { createKeyedMutex } from '#base/async/keyed-mutex.ts'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { RecordTable } from '#engine/records/record-table.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import { randomHex } from '#world/ports/random.ts'
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
  /** The container that an anonymous volume is made for. */
  readonly madeFor?: string
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
  /** Lets an anonymous volume outlive the container that it was made for. */
  keep(name: string): Promise<void>
  /** Removes what was made for containers that are not there: a crash came between the volume and the container. */
  removeOrphans(lives: (containerId: string) => boolean): Promise<void>
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
      `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
      {
        remedy: 'Only the local driver is built in.',
      },
    )
  }
  if (name.length === 1) {
    throw new GantryError(
      'ENGINE_VOLUME_NAME',
      'invalid',
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
      { remedy: 'Choose a longer name.' },
    )
  }
  if (name !== '' && !namePattern.test(name)) {
    throw new GantryError(
      'ENGINE_VOLUME_NAME',
      'invalid',
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      { remedy: 'Use letters, digits, underscore, dot and dash, or an absolute path for a folder of the host.' },
    )
  }
}

class LocalVolumes implements Volumes {
  readonly #deps: VolumesDeps
  readonly #root: string
  readonly #records: Map<string, VolumeRecord>
  readonly #locks = createKeyedMutex()
  /** Runs that use a volume now; driver options are mounted while there is one. */
  readonly #users = new Map<string, Set<string>>()

  constructor(deps: VolumesDeps, root: string, records: Map<string, VolumeRecord>) {
    this.#deps = deps
    this.#root = root
    this.#records = records
  }

  async create(request: CreateVolumeRequest): Promise<VolumeRecord> {
    checkRequest(request)
    const name = request.name === '' ? randomHex(this.#deps.random, 32) : request.name
    return this.#locks.run(name, async () => {
      const existing = this.#records.get(name)
      if (existing !== undefined) return existing
      parseVolumeOptions(name, request.options)
      const record: VolumeRecord = {
        name,
        driver: 'local',
        options: request.options,
        labels: request.labels,
        createdAt: this.#deps.clock.now(),
        anonymous: request.name === '',
        ...(request.name === '' && request.madeFor !== undefined ? { madeFor: request.madeFor } : {}),
      }
      await this.#deps.files.makeDirectory(this.pathOf(name), { recursive: true, mode: 0o755 })
      await this.#deps.table.save(name, record)
      this.#records.set(name, record)
      this.#deps.onEvent('create', name, { driver: 'local' })
      return record
    })
  }

  find(name: string): VolumeRecord | undefined {
    return this.#records.get(name)
  }

  resolve(name: string): VolumeRecord {
    const record = this.#records.get(name)
    if (record !== undefined) return record
    throw new GantryError('ENGINE_NO_SUCH_VOLUME', 'not-found', `get ${name}: no such volume`, {
      remedy: 'docker volume ls lists them.',
    })
  }

  all(): VolumeRecord[] {
    return [...this.#records.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  view(record: VolumeRecord): VolumeView {
    return viewVolume(record, this.pathOf(record.name))
  }

  pathOf(name: string): string {
    return join(this.#root, name, '_data')
  }

  keep(name: string): Promise<void> {
    return this.#locks.run(name, async () => {
      const record = this.#records.get(name)
      if (record?.madeFor === undefined) return
      const { madeFor: _madeFor, ...kept } = record
      await this.#deps.table.save(name, kept)
      this.#records.set(name, kept)
    })
  }

  async removeOrphans(lives: (containerId: string) => boolean): Promise<void> {
    for (const { name, madeFor } of this.all()) {
      if (madeFor === undefined || lives(madeFor)) continue
      if (this.#deps.usersOf(name).length > 0) await this.keep(name)
      else await this.remove(name)
    }
  }

  remove(name: string, options: { readonly force?: boolean } = {}): Promise<void> {
    return this.#locks.run(name, async () => {
      if (options.force === true && !this.#records.has(name)) return
      this.resolve(name)
      this.#requireUnused(name)
      const { kernel, table, files } = this.#deps
      kernel.mounts.unmount(this.pathOf(name), { detach: true })
      // The record goes first: a folder without one is swept at the next start, a record without a folder is not.
      await table.remove(name)
      this.#records.delete(name)
      await files.remove(join(this.#root, name), { recursive: true, force: true })
      this.#deps.onEvent('destroy', name, { driver: 'local' })
    })
  }

  acquire(name: string, containerId: string): Promise<string> {
    return this.#locks.run(name, async () => {
      const record = this.resolve(name)
      const active = this.#users.get(name) ?? new Set()
      const mount = parseVolumeOptions(name, record.options)
      const target = this.pathOf(name)
      if (mount !== undefined && active.size === 0) mountVolume(this.#deps.kernel, mount, { name, target })
      this.#users.set(name, active.add(containerId))
      return target
    })
  }

  release(name: string, containerId: string): Promise<void> {
    return this.#locks.run(name, async () => {
      const active = this.#users.get(name)
      active?.delete(containerId)
      if (active?.size !== 0) return
      this.#users.delete(name)
      const mounted = parseVolumeOptions(name, this.#records.get(name)?.options ?? {}) !== undefined
      if (mounted) this.#deps.kernel.mounts.unmount(this.pathOf(name), { detach: true })
    })
  }

  sizeBytes(name: string): Promise<number> {
    return treeSizeBytes(this.#deps.files, this.pathOf(name))
  }

  #requireUnused(name: string): void {
    const inUse = this.#deps.usersOf(name)
    if (inUse.length === 0) return
    const message = `remove ${name}: volume is in use - [${inUse.join(', ')}]`
    throw new GantryError('ENGINE_VOLUME_IN_USE', 'conflict', message, {
      remedy: 'Remove the containers that have it first.',
    })
  }
}

/** Opens the volumes under `root`; folders without a record (a crash before the first write) are removed. */
export async function createVolumes(deps: VolumesDeps, root: string): Promise<Volumes> {
  const { files, table } = deps
  const records = await table.load()
  await files.makeDirectory(root, { recursive: true, mode: 0o701 })
  for (const entry of await files.list(root)) {
    if (!records.has(entry.name)) await files.remove(join(root, entry.name), { recursive: true, force: true })
  }
  return new LocalVolumes(deps, root, records)
}

const flagBits: Readonly<Record<string, number>> = {
  ro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  sync: 0x10,
  dirsync: 0x80,
  noatime: 0x400,
  nodiratime: 0x800,
  bind: 0x1000,
  rbind: 0x5000,
  relatime: 0x200000,
}

const flagsOf = (words: readonly string[]): number => words.reduce((bits, word) => bits | (flagBits[word] ?? 0), 0)

/** The filesystem's own options, as Docker's message has them. */
function dataWords(words: readonly string[]): string {
  const data = words.filter((word) => !flagWords.has(word)).join(',')
  return data === '' ? '' : `, data: ${data}`
}

/** What the kernel says, without the call's name and paths. */
function reasonOf(error: unknown): string {
  const text = messageOf(error)
  return /^E[A-Z0-9]+: ([^,]+)/.exec(text)?.[1] ?? text
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
      `error while mounting volume '${at.target}': failed to mount local volume: mount ${device}:${at.target}, flags: 0x${flagsOf(words).toString(16)}${dataWords(words)}: ${reasonOf(error)}`,
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
