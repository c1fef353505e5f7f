/** All containers of the engine: found by name, id or id prefix; every change written before anyone is told. */
import { createKeyedMutex } from '#base/async/keyed-mutex.ts'
import type { KeyedMutex } from '#base/async/keyed-mutex.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import type { RecordTable } from '#engine/records/record-table.ts'
import { AttachBroker } from '#engine/runtime/attach-broker.ts'
import type { ContainerRecord, ContainerState } from './container-record.ts'
import { nameAdjectives, nameNouns } from './names.table.ts'

/** A container in memory: its record, and what belongs to the run that is going on. */
export interface Container {
  readonly id: string
  record: ContainerRecord
  /** Output and input of the current (or next) run. */
  broker: AttachBroker
  /** Somebody attached before the start: the broker connects before the process runs. */
  attachWanted: boolean
  /** Ids of execs that have not been forgotten yet. */
  readonly execIds: Set<string>
  /** Ends timers and watchers of the current run. */
  runScope: AbortController | undefined
  /** A restart is waiting for its back-off. */
  pendingRestart: AbortController | undefined
  /** Back-off before the current run, milliseconds; 0 after a start by hand. */
  lastRestartDelayMs: number
  /** A restart by hand is between its stop and its start. */
  restarting: boolean
  /** Set while the container is being taken away; the API answers 409 to a second removal. */
  removing: boolean
  readonly listeners: Set<(container: Container) => void>
}

export interface ContainerBook {
  readonly locks: KeyedMutex
  /** Newest first. */
  all(): Container[]
  /** @throws GantryError not-found "No such container: x", or invalid when a prefix names several. */
  resolve(nameOrId: string): Container
  find(nameOrId: string): Container | undefined
  byName(name: string): Container | undefined
  /** @throws GantryError conflict when the name is taken. */
  requireFreeName(name: string): void
  /** Writes a new record and makes it findable. @throws GantryError conflict when the name is taken. */
  add(record: ContainerRecord): Promise<Container>
  /** Writes the change, then tells listeners. */
  update(
    container: Container,
    change: Partial<Omit<ContainerRecord, 'id' | 'state'>> & { readonly state?: Partial<ContainerState> },
  ): Promise<void>
  /**
   * As `update`, for what has happened whether it can be written or not: on a full disk it counts and is told all the
   * same, and false says that the next engine will not know of it.
   */
  note(container: Container, change: Parameters<ContainerBook['update']>[1]): Promise<boolean>
  rename(container: Container, name: string): Promise<void>
  remove(container: Container): Promise<void>
  /** A free name for a container whose user gave none. */
  inventName(): string
  /** A new container id. */
  inventId(): string
}

export interface ContainerBookDeps {
  readonly clock: Clock
  readonly random: Random
  readonly table: RecordTable<ContainerRecord>
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

/** A name as users write it (with or without a leading slash), checked. @throws GantryError when it is no valid name. */
export function parseContainerName(raw: string): string {
  const name = raw.startsWith('/') ? raw.slice(1) : raw
  if (!namePattern.test(name)) {
    throw new GantryError(
      'ENGINE_NAME_INVALID',
      'invalid',
      `Invalid container name (${raw}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      {
        remedy: 'Use at least two characters, letters, digits, underscore, dot and dash.',
      },
    )
  }
  return name
}

function makeContainer(record: ContainerRecord, clock: Clock): Container {
  return {
    id: record.id,
    record,
    broker: new AttachBroker(clock),
    attachWanted: false,
    execIds: new Set(),
    runScope: undefined,
    pendingRestart: undefined,
    lastRestartDelayMs: 0,
    restarting: false,
    removing: false,
    listeners: new Set(),
  }
}

function nameTaken(name: string, owner: string): GantryError {
  return new GantryError(
    'ENGINE_NAME_TAKEN',
    'conflict',
    `Conflict. The container name "/${name}" is already in use by container "${owner}". You have to remove (or rename) that container to be able to reuse that name.`,
    { details: { owner }, remedy: 'Choose another name, or remove the other container.' },
  )
}

function changed(before: ContainerRecord, change: Parameters<ContainerBook['update']>[1]): ContainerRecord {
  const { state, ...rest } = change
  return { ...before, ...rest, state: { ...before.state, ...state } }
}

class Book implements ContainerBook {
  readonly locks: KeyedMutex = createKeyedMutex()
  readonly #deps: ContainerBookDeps
  readonly #containers = new Map<string, Container>()
  /** Container ids by name. */
  readonly #names = new Map<string, string>()

  constructor(deps: ContainerBookDeps, records: Iterable<ContainerRecord>) {
    this.#deps = deps
    for (const record of records) {
      this.#containers.set(record.id, makeContainer(record, deps.clock))
      this.#names.set(record.name, record.id)
    }
  }

  all(): Container[] {
    return [...this.#containers.values()].toSorted((a, b) => b.record.createdAt - a.record.createdAt)
  }

  byName(name: string): Container | undefined {
    return this.#containers.get(this.#names.get(name.startsWith('/') ? name.slice(1) : name) ?? '')
  }

  find(nameOrId: string): Container | undefined {
    if (nameOrId === '') return undefined
    const exact = this.#containers.get(nameOrId) ?? this.byName(nameOrId)
    if (exact !== undefined || !/^[0-9a-f]{1,64}$/.test(nameOrId)) return exact
    const matches = [...this.#containers.keys()].filter((id) => id.startsWith(nameOrId))
    if (matches.length > 1) {
      throw new GantryError('ENGINE_ID_AMBIGUOUS', 'invalid', `Multiple IDs found with provided prefix: ${nameOrId}`, {
        remedy: 'Give more digits.',
      })
    }
    return matches[0] === undefined ? undefined : this.#containers.get(matches[0])
  }

  resolve(nameOrId: string): Container {
    const container = this.find(nameOrId)
    if (container !== undefined) return container
    throw new GantryError('ENGINE_NO_SUCH_CONTAINER', 'not-found', `No such container: ${nameOrId}`, {
      remedy: 'docker ps -a lists them.',
    })
  }

  requireFreeName(name: string): void {
    const owner = this.#names.get(name)
    if (owner !== undefined) throw nameTaken(name, owner)
  }

  async add(record: ContainerRecord): Promise<Container> {
    this.#reserve(record.name, record.id)
    const container = makeContainer(record, this.#deps.clock)
    try {
      await this.#deps.table.save(record.id, record)
    } catch (error) {
      this.#names.delete(record.name)
      throw error
    }
    this.#containers.set(record.id, container)
    return container
  }

  update(container: Container, change: Parameters<ContainerBook['update']>[1]): Promise<void> {
    return this.#save(container, changed(container.record, change))
  }

  async note(container: Container, change: Parameters<ContainerBook['update']>[1]): Promise<boolean> {
    try {
      await this.update(container, change)
      return true
    } catch (error) {
      if (!(error instanceof GantryError) || error.code !== 'STORE_FULL') throw error
      container.record = changed(container.record, change)
      for (const listener of container.listeners) listener(container)
      return false
    }
  }

  async rename(container: Container, name: string): Promise<void> {
    const before = container.record.name
    this.#reserve(name, container.id)
    try {
      await this.#save(container, { ...container.record, name })
    } catch (error) {
      this.#names.delete(name)
      throw error
    }
    this.#names.delete(before)
  }

  async remove(container: Container): Promise<void> {
    await this.#deps.table.remove(container.id)
    this.#containers.delete(container.id)
    if (this.#names.get(container.record.name) === container.id) this.#names.delete(container.record.name)
    for (const listener of container.listeners) listener(container)
  }

  inventName(): string {
    const { random } = this.#deps
    for (let attempt = 0; ; attempt += 1) {
      const adjective = nameAdjectives[random.below(nameAdjectives.length)] ?? 'calm'
      const noun = nameNouns[random.below(nameNouns.length)] ?? 'pier'
      const name = `${adjective}_${noun}${attempt === 0 ? '' : random.below(10 ** Math.min(attempt, 9))}`
      if (!this.#names.has(name)) return name
    }
  }

  /** An id that is all digits would be taken for a number by some tools. */
  inventId(): string {
    for (;;) {
      const id = randomHex(this.#deps.random, 32)
      if (/[a-f]/.test(id.slice(0, 12)) && !this.#containers.has(id)) return id
    }
  }

  #reserve(name: string, id: string): void {
    const owner = this.#names.get(name)
    if (owner !== undefined && owner !== id) throw nameTaken(name, owner)
    this.#names.set(name, id)
  }

  async #save(container: Container, record: ContainerRecord): Promise<void> {
    const before = container.record
    container.record = record
    try {
      await this.#deps.table.save(container.id, record)
    } catch (error) {
      if (container.record === record) container.record = before
      throw error
    }
    for (const listener of container.listeners) listener(container)
  }
}

/** Loads all records; nothing of them is started or checked yet. */
export async function openContainerBook(deps: ContainerBookDeps): Promise<ContainerBook> {
  return new Book(deps, (await deps.table.load()).values())
}
