/**
 * The engine role: everything that serves the Docker Engine API from one root directory, in the order in which it starts.
 *
 *     ROOT/engine.db       records of containers, networks, volumes
 *         /images          layers, image records, snapshots
 *         /volumes         named volumes
 *         /containers      a folder per container: its files and its log
 *         /docker.sock     the API, unless told otherwise
 *     RUN/bundles, exits, runtime, networks      gone with a restart of the machine
 */
import { join } from 'node:path'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { applyChanges } from '#builder/graph/apply-changes.ts'
import { archiveRoutes } from '#engine/api/archive-routes.ts'
import { attachRoutes } from '#engine/api/attach-routes.ts'
import { bootstrapRoutes } from '#engine/api/bootstrap-routes.ts'
import { commitRoutes } from '#engine/api/commit-routes.ts'
import { buildRoutes } from '#engine/api/build-routes.ts'
import { createFetchUrl } from '#builder/fetch-url.ts'
import { transferRoutes } from '#engine/api/transfer-routes.ts'
import { createHttpClient } from '#kit/http/client.ts'
import { mainRunDirectory } from './engine-places.ts'
import { createImageBuilder } from './image-builder.ts'
import { createImageTransfer, pullForBuild } from './image-transfer.ts'
import { containerRoutes } from '#engine/api/container-routes.ts'
import { createEngineApi, encodeEngineError, engineHeaders, mayHijackEngine } from '#engine/api/engine-api.ts'
import { execRoutes } from '#engine/api/exec-routes.ts'
import { imageRoutes } from '#engine/api/image-routes.ts'
import { logRoutes } from '#engine/api/log-routes.ts'
import { networkRoutes } from '#engine/api/network-routes.ts'
import { statsRoutes } from '#engine/api/stats-routes.ts'
import { swarmRoutes } from '#engine/api/swarm-routes.ts'
import { systemRoutes } from '#engine/api/system-routes.ts'
import type { EngineFacts } from '#engine/api/view-info.ts'
import { volumeRoutes } from '#engine/api/volume-routes.ts'
import { openContainerBook } from '#engine/containers/container-book.ts'
import type { ContainerBook } from '#engine/containers/container-book.ts'
import { createContainerNetworking } from '#engine/networks/container-networking.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { ContainerRecord } from '#engine/containers/container-record.ts'
import type { EngineParts, EnginePaths } from '#engine/containers/engine-parts.ts'
import { restoreContainers } from '#engine/containers/restore-containers.ts'
import { createEventLog } from '#engine/events/event-log.ts'
import { createExecs } from '#engine/exec/execs.ts'
import { createHealthChecks } from '#engine/health/health-checks.ts'
import { createLogRotator } from '#engine/logs/rotate-logs.ts'
import { createNetworks } from '#engine/networks/networks.ts'
import { createRecordTable } from '#engine/records/record-table.ts'
import { hasUnifiedCgroups } from '#engine/runtime/cgroups.ts'
import { chooseRuntime } from '#engine/runtime/oci-runtime.ts'
import { createSeccompCache } from '#engine/runtime/seccomp-cache.ts'
import type { VolumeRecord } from '#engine/volumes/volume-record.ts'
import { createVolumes } from '#engine/volumes/volumes.ts'
import { createImages } from '#images/images.ts'
import type { BoundAddress, ListenAddress } from '#kit/http/listen-address.ts'
import { createHttpServer } from '#kit/http/server.ts'
import { openSqliteStore } from '#kit/store/sqlite-store.ts'
import type { Log } from '#kit/telemetry/log.ts'
import { randomUuid } from '#world/ports/random.ts'
import type { World } from '#world/ports/world.ts'

export interface EngineConfig {
  /** Everything that lasts lies here. */
  readonly root: string
  /** What a restart of the machine may wipe; by default `/run/gantry` or a folder below it for other roots. */
  readonly runDirectory: string
  readonly listeners: readonly ListenAddress[]
  /** A runtime by name or path; undefined: crun, else runc. */
  readonly runtime?: string
  /** Empty for the machine's main engine; else eight hex digits that keep its names apart from other engines'. */
  readonly instance: string
}

export interface Engine extends AsyncDisposable {
  readonly addresses: readonly BoundAddress[]
  readonly parts: EngineParts
}

async function makeDirectories(world: World, config: EngineConfig): Promise<EnginePaths> {
  const paths: EnginePaths = {
    root: config.root,
    containers: join(config.root, 'containers'),
    bundles: join(config.runDirectory, 'b'),
    exits: join(config.runDirectory, 'exits'),
  }
  for (const path of [config.root, config.runDirectory, paths.containers, paths.bundles, paths.exits]) {
    await world.files.makeDirectory(path, { recursive: true, mode: 0o711 })
  }
  return paths
}

/** Mounts made below these folders must reach the runtime's own mount namespace: each becomes a shared mount. */
async function shareMounts(world: World, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const mounted = await world.kernel.mounts.listBelow(folder)
    if (!mounted.includes(folder)) world.kernel.mounts.bind({ source: folder, target: folder, recursive: true })
    world.kernel.mounts.setPropagation(folder, 'shared')
  }
}

async function readEngineId(world: World, root: string): Promise<string> {
  const path = join(root, 'engine-id')
  if (await world.files.exists(path)) return (await world.files.readText(path, { maxBytes: 256 })).trim()
  const id = randomUuid(world.random)
  await world.files.replace(path, `${id}\n`, { durable: true })
  return id
}

async function readFacts(world: World, config: EngineConfig): Promise<EngineFacts> {
  const release = await world.files.readText('/etc/os-release').catch(() => '')
  const operatingSystem = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? 'Linux'
  return {
    id: await readEngineId(world, config.root),
    name: world.machine.hostname,
    rootDirectory: config.root,
    operatingSystem,
    commit: 'gantry',
    builtAt: '2026-01-01T00:00:00.000000000+00:00',
    language: 'typescript',
    initVersion: '',
    networkDrivers: ['bridge', 'host', 'macvlan', 'null'],
    warnings: [],
  }
}

function volumeUsers(book: ContainerBook, name: string): string[] {
  return book
    .all()
    .filter((container) => container.record.mounts.some(({ point }) => point.Type === 'volume' && point.Name === name))
    .map((container) => container.id)
}

/**
 * Starts an engine and serves its API.
 * @throws GantryError when another engine has the root, when a listener is taken, or when the machine cannot run containers.
 */
export async function startEngine(world: World, log: Log, config: EngineConfig): Promise<Engine> {
  await using scope = new AsyncDisposableStack()
  const paths = await makeDirectories(world, config)
  const lock = world.kernel.lockFile(join(config.root, 'lock'))
  if (lock === undefined) {
    throw new GantryError('ENGINE_ROOT_LOCKED', 'conflict', `another engine uses ${config.root}`, {
      remedy: 'Stop it, or give this one another --root.',
    })
  }
  scope.defer(() => lock[Symbol.dispose]())
  await shareMounts(world, [config.root, config.runDirectory])
  const store = scope.use(openSqliteStore({ path: join(config.root, 'engine.db'), clock: world.clock }))
  const events = createEventLog(world.clock)
  const cgroupParent = config.instance === '' ? '/gantry' : `/gantry-${config.instance}`
  const runtime = await chooseRuntime(world, {
    stateDirectory: join(config.runDirectory, 'runtime'),
    runDirectory: config.runDirectory,
    cgroupParent,
    ...(config.runtime === undefined ? {} : { wanted: config.runtime }),
  })
  const book = await openContainerBook({
    clock: world.clock,
    random: world.random,
    table: createRecordTable<ContainerRecord>(store, 'containers'),
  })
  const images = scope.use(
    await createImages(
      {
        ...world,
        containers: () =>
          book
            .all()
            .map(({ id, record }) => ({ containerId: id, imageId: record.imageId, running: isAlive(record.state) })),
        onEvent: ({ action, actor, attributes }) => events.publish({ type: 'image', action, id: actor, attributes }),
      },
      { root: join(config.root, 'images') },
    ),
  )
  const usersOfVolume = (name: string): string[] => volumeUsers(book, name)
  const volumes = await createVolumes(
    {
      ...world,
      table: createRecordTable<VolumeRecord>(store, 'volumes'),
      usersOf: usersOfVolume,
      onEvent: (action, id, attributes) => events.publish({ type: 'volume', action, id, attributes }),
    },
    join(config.root, 'volumes'),
  )
  const networks = scope.use(
    await createNetworks(
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
      },
    ),
  )
  const networkingConfig = {
    hostResolvConf: () => world.files.readText('/etc/resolv.conf').catch(() => ''),
    hostHosts: () => world.files.readText('/etc/hosts').catch(() => ''),
  }
  const networking = createContainerNetworking(networks, networkingConfig)
  const unified = await hasUnifiedCgroups(world.files)
  const stopping = new AbortController()
  const parts: EngineParts = {
    world,
    log,
    book,
    images,
    volumes,
    networking,
    runtime,
    seccomp: createSeccompCache(world.files, runtime, world.machine.kernelRelease),
    paths,
    defaults: {
      runtime: 'runc',
      cgroupnsMode: unified ? 'private' : 'host',
      logConfig: { Type: 'json-file', Config: {} },
      shmSizeBytes: 64 * 1024 * 1024,
    },
    facts: {
      cpuCount: world.machine.cpuCount,
      runtimes: ['runc', 'crun', 'io.containerd.runc.v2'],
      swapLimit: unified || (await world.files.exists('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes')),
      oomScoreAdj: world.kernel.limits.oomScoreAdj,
      mayRaiseLimits: ((world.kernel.limits.capabilities >> 24n) & 1n) === 1n,
    },
    cgroupParent,
    unifiedCgroups: unified,
    emit: (event) => events.publish(event),
    hooks: {
      onStarted: (id) => {
        health.onStarted(id)
        logs.onStarted(id)
      },
      onEnded: (id) => {
        health.onEnded(id)
        logs.onEnded(id)
        execs.forget(id)
      },
    },
    healthOf: (id) => health.healthOf(id),
    stopping: () => stopping.signal.aborted,
  }
  const execs = createExecs(parts)
  const health = scope.use(createHealthChecks(parts, execs))
  const logs = scope.use(createLogRotator(parts))
  // A start that a crash cut off has joined its networks and has no process.
  await networks.releaseOthers(
    new Set(
      book
        .all()
        .filter(({ record }) => isAlive(record.state))
        .map(({ id }) => id),
    ),
  )
  scope.use(await restoreContainers(parts))
  const http = scope.use(createHttpClient({ clock: world.clock }))
  const transfer = scope.use(await createImageTransfer({ world, images, root: config.root, emit: parts.emit }))
  const builder = scope.use(
    createImageBuilder({ parts, http, pull: (reference, options) => pullForBuild(transfer, reference, options) }),
  )
  const fetchUrl = createFetchUrl(http)
  const handler = createEngineApi([
    ...systemRoutes({ parts, events, facts: await readFacts(world, config), usersOfVolume, buildCache: () => [] }),
    ...containerRoutes(parts),
    ...attachRoutes(parts),
    ...execRoutes(parts, execs),
    ...archiveRoutes(parts),
    ...commitRoutes(parts, applyChanges),
    ...statsRoutes(parts),
    ...logRoutes(parts),
    ...imageRoutes(images),
    ...bootstrapRoutes(images),
    ...buildRoutes(builder),
    ...transferRoutes({
      images,
      transfer,
      applyChanges,
      fetch: async (url, signal) => (await fetchUrl(url, signal)).body,
    }),
    ...volumeRoutes({ volumes, usersOf: usersOfVolume, emit: parts.emit }),
    ...networkRoutes({ parts, networks, config: networkingConfig }),
    ...swarmRoutes(),
  ])
  const server = scope.use(
    await createHttpServer({
      clock: world.clock,
      files: world.files,
      listeners: config.listeners,
      headers: engineHeaders,
      handler,
      mayHijack: mayHijackEngine,
      encodeError: encodeEngineError,
      encodeLateError: (error) =>
        `${JSON.stringify({ errorDetail: { message: messageOf(error) }, error: messageOf(error) })}\r\n`,
      onFault: (error, where) => log.warn('a request failed', { where, error }),
    }),
  )
  scope.defer(() => stopping.abort())
  const owned = scope.move()
  return { addresses: server.addresses, parts, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
