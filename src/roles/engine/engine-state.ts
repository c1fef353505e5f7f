/** What an engine has on disk and in the kernel, opened in order: store, containers, images, volumes, networks. */
import { join } from 'node:path'
import { openContainerBook } from '#engine/containers/container-book.ts'
import type { ContainerBook } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { ContainerRecord } from '#engine/containers/container-record.ts'
import { createEventLog } from '#engine/events/event-log.ts'
import type { EventLog } from '#engine/events/event-log.ts'
import { createNetworks } from '#engine/networks/networks.ts'
import type { Networks } from '#engine/networks/networks.ts'
import { createRecordTable } from '#engine/records/record-table.ts'
import type { VolumeRecord } from '#engine/volumes/volume-record.ts'
import { createVolumes } from '#engine/volumes/volumes.ts'
import type { Volumes } from '#engine/volumes/volumes.ts'
import { createImages } from '#images/images.ts'
import type { Images } from '#images/images.ts'
import { openSqliteStore } from '#kit/store/sqlite-store.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { World } from '#world/ports/world.ts'
import type { EngineConfig } from './engine-config.ts'
import { mainRunDirectory } from './engine-places.ts'

export interface EngineState {
  readonly events: EventLog
  readonly book: ContainerBook
  readonly images: Images
  readonly volumes: Volumes
  readonly networks: Networks
  /** Ids of the containers that have a volume among their mounts. */
  readonly usersOfVolume: (name: string) => string[]
}

interface Opening {
  readonly world: World
  readonly log: Log
  readonly config: EngineConfig
  readonly store: VersionedStore
  readonly events: EventLog
}

function openImages({ world, config, events }: Opening, book: ContainerBook): Promise<Images> {
  const containers = (): { containerId: string; imageId: ContainerRecord['imageId']; running: boolean }[] =>
    book.all().map(({ id, record }) => ({ containerId: id, imageId: record.imageId, running: isAlive(record.state) }))
  return createImages(
    {
      ...world,
      containers,
      onEvent: ({ action, actor, attributes }) => events.publish({ type: 'image', action, id: actor, attributes }),
    },
    { root: join(config.root, 'images') },
  )
}

function openVolumes({ world, config, store, events }: Opening, usersOf: (name: string) => string[]): Promise<Volumes> {
  return createVolumes(
    {
      ...world,
      table: createRecordTable<VolumeRecord>(store, 'volumes'),
      usersOf,
      onEvent: (action, id, attributes) => events.publish({ type: 'volume', action, id, attributes }),
    },
    join(config.root, 'volumes'),
  )
}

function openNetworks({ world, log, config, store, events }: Opening): Promise<Networks> {
  return createNetworks(
    {
      world,
      store,
      emit: ({ action, id, attributes }) => events.publish({ type: 'network', action, id, attributes }),
      warn: (message) => log.warn(message),
    },
    {
      instance: config.instance,
      runDirectory: join(config.runDirectory, 'networks'),
      poolLock: join(mainRunDirectory, 'pools.lock'),
      ...config.settings?.networks,
    },
  )
}

/** Opens everything; what must be closed again goes into the scope. */
export async function openEngineState(
  scope: AsyncDisposableStack,
  { world, log, config }: Pick<Opening, 'world' | 'log' | 'config'>,
): Promise<EngineState> {
  const { clock, random } = world
  const store = scope.use(openSqliteStore({ path: join(config.root, 'engine.db'), clock }))
  const events = createEventLog(clock)
  const opening: Opening = { world, log, config, store, events }
  const table = createRecordTable<ContainerRecord>(store, 'containers')
  const book = await openContainerBook({ clock, random, table })
  const usersOfVolume = (name: string): string[] =>
    book
      .all()
      .filter(({ record }) => record.mounts.some(({ point }) => point.Type === 'volume' && point.Name === name))
      .map((container) => container.id)
  const images = scope.use(await openImages(opening, book))
  const volumes = await openVolumes(opening, usersOfVolume)
  const networks = scope.use(await openNetworks(opening))
  return { events, book, images, volumes, networks, usersOfVolume }
}
