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
import { createUndoStack } from '#base/async/undo-stack.ts'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { encodeEngineError, engineHeaders, mayHijackEngine } from '#engine/api/engine-api.ts'
import type { HostFacts } from '#engine/containers/check-host-config.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { restoreContainers } from '#engine/containers/restore-containers.ts'
import { createExecs } from '#engine/exec/execs.ts'
import type { Execs } from '#engine/exec/execs.ts'
import { createHealthChecks } from '#engine/health/health-checks.ts'
import { createLogRotator } from '#engine/logs/rotate-logs.ts'
import { createContainerNetworking } from '#engine/networks/container-networking.ts'
import { hasUnifiedCgroups } from '#engine/runtime/cgroups.ts'
import { chooseRuntime } from '#engine/runtime/oci-runtime.ts'
import type { OciRuntime } from '#engine/runtime/oci-runtime.ts'
import { createRuntimes } from '#engine/runtime/runtimes.ts'
import { createCgroupWarmer } from '#engine/runtime/warm-cgroup-moves.ts'
import type { HttpHandler } from '#kit/http/exchange.ts'
import type { BoundAddress } from '#kit/http/listen-address.ts'
import { createHttpServer } from '#kit/http/server.ts'
import type { HttpServer } from '#kit/http/server.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { ProcessMemory } from '#world/ports/kernel.ts'
import type { World } from '#world/ports/world.ts'
import { composeEngineApi } from './engine-api.ts'
import { makeEngineFolders } from './engine-config.ts'
import type { EngineConfig } from './engine-config.ts'
import { defaultSettings } from './engine-settings.ts'
import { createMemoryKeeper, touching } from '#roles/keep-memory-small.ts'
import { openEngineState } from './engine-state.ts'
import type { EngineState } from './engine-state.ts'
import { shareMounts } from './share-mounts.ts'

export type { EngineConfig } from './engine-config.ts'

export interface Engine extends AsyncDisposable {
  readonly addresses: readonly BoundAddress[]
  readonly parts: EngineParts
}

/** Names that every engine knows; each is the engine's own runtime. */
export const knownRuntimes: readonly string[] = ['runc', 'crun', 'io.containerd.runc.v2']
const shmSizeBytes = 64 * 1024 * 1024
const raiseLimitsBit = 24n

function lockRoot(scope: AsyncDisposableStack, world: World, root: string): void {
  const lock = world.kernel.lockFile(join(root, 'lock'))
  if (lock === undefined) {
    throw new GantryError('ENGINE_ROOT_LOCKED', 'conflict', `another engine uses ${root}`, {
      remedy: 'Stop it, or give this one another --root.',
    })
  }
  scope.defer(() => lock[Symbol.dispose]())
}

async function readHostFacts(world: World, unified: boolean): Promise<Omit<HostFacts, 'runtimes'>> {
  const { limits } = world.kernel
  return {
    cpuCount: world.machine.cpuCount,
    swapLimit: unified || (await world.files.exists('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes')),
    oomScoreAdj: limits.oomScoreAdj,
    mayRaiseLimits: ((limits.capabilities >> raiseLimitsBit) & 1n) === 1n,
  }
}

interface Composition {
  readonly world: World
  readonly log: Log
  readonly config: EngineConfig
  readonly state: EngineState
  readonly runtime: OciRuntime
}

/** Parts without what follows runs: health checks, log rotation and execs are made of the parts themselves. */
async function composeParts(
  composition: Composition,
  cgroupParent: string,
): Promise<Omit<EngineParts, 'hooks' | 'healthOf' | 'stopping' | 'networking' | 'warmer'>> {
  const { world, log, config, state, runtime } = composition
  const settings = config.settings ?? defaultSettings
  const unified = await hasUnifiedCgroups(world.files)
  return {
    world,
    log,
    book: state.book,
    images: state.images,
    volumes: state.volumes,
    runtimes: createRuntimes(world, runtime, {
      ownNames: knownRuntimes,
      added: settings.runtimes,
      kernelRelease: world.machine.kernelRelease,
      runDirectory: config.runDirectory,
      cgroupParent,
    }),
    paths: await makeEngineFolders(world, config),
    defaults: {
      runtime: settings.defaultRuntime ?? 'runc',
      cgroupnsMode: unified ? 'private' : 'host',
      logConfig: settings.logConfig,
      shmSizeBytes,
    },
    facts: {
      ...(await readHostFacts(world, unified)),
      runtimes: [...knownRuntimes, ...Object.keys(settings.runtimes)],
    },
    cgroupParent,
    unifiedCgroups: unified,
    emit: (event) => state.events.publish(event),
  }
}

/** Adds what watches runs. The hooks are called only once everything is there. */
function addFollowers(
  scope: AsyncDisposableStack,
  base: Omit<EngineParts, 'hooks' | 'healthOf'>,
): { readonly parts: EngineParts; readonly execs: Execs } {
  const parts: EngineParts = {
    ...base,
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
  }
  const execs = createExecs(parts)
  const health = scope.use(createHealthChecks(parts, execs))
  const logs = scope.use(createLogRotator(parts))
  return { parts, execs }
}

function serve({ world, log, config }: Composition, handler: HttpHandler): Promise<HttpServer> {
  return createHttpServer({
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
  })
}

/** So much of the program is used all the time; more was touched by a burst of work. */
const programBytesKept = 28 << 20

function releaser(memory: ProcessMemory): () => void {
  return () => {
    memory.release()
    memory.dropProgramPages({ aboveBytes: programBytesKept })
  }
}

/**
 * Starts an engine and serves its API.
 * @throws GantryError when another engine has the root, when a listener is taken, or when the machine cannot run containers.
 */
export async function startEngine(world: World, log: Log, config: EngineConfig): Promise<Engine> {
  await using scope = new AsyncDisposableStack()
  await makeEngineFolders(world, config)
  lockRoot(scope, world, config.root)
  const ifItFails = scope.use(createUndoStack())
  await shareMounts(world.kernel.mounts, ifItFails, [config.root, config.runDirectory])
  const cgroupParent = config.instance === '' ? '/gantry' : `/gantry-${config.instance}`
  const runtime = await chooseRuntime(world, {
    stateDirectory: join(config.runDirectory, 'runtime'),
    runDirectory: config.runDirectory,
    cgroupParent,
    ...(config.runtime === undefined ? {} : { wanted: config.runtime }),
  })
  const state = await openEngineState(scope, { world, log, config })
  const composition: Composition = { world, log, config, state, runtime }
  const networkingConfig = {
    hostResolvConf: () => world.files.readText('/etc/resolv.conf').catch(() => ''),
    hostHosts: () => world.files.readText('/etc/hosts').catch(() => ''),
    dns: (config.settings ?? defaultSettings).dns,
  }
  const stopping = new AbortController()
  const { parts, execs } = addFollowers(scope, {
    ...(await composeParts(composition, cgroupParent)),
    networking: createContainerNetworking(state.networks, networkingConfig),
    warmer: scope.use(createCgroupWarmer(world, world.processes.self.pid)),
    stopping: () => stopping.signal.aborted,
  })
  // A start that a crash cut off has joined its networks and has no process.
  const alive = state.book.all().filter(({ record }) => isAlive(record.state))
  await state.networks.releaseOthers(new Set(alive.map(({ id }) => id)))
  scope.use(await restoreContainers(parts))
  // Loading and starting touch much of the program once; what serving needs comes back with the first requests.
  world.kernel.memory.dropProgramPages()
  const handler = await composeEngineApi(scope, {
    ...{ parts, state, execs, networkingConfig },
    registries: (config.settings ?? defaultSettings).registries,
  })
  const keeper = scope.use(createMemoryKeeper(world.clock, releaser(world.kernel.memory)))
  const server = scope.use(await serve(composition, touching(keeper, handler)))
  keeper.touch()
  // Last in, first out: whoever ends while the engine does is found by the next one.
  scope.defer(() => stopping.abort())
  ifItFails.commit()
  const owned = scope.move()
  return { addresses: server.addresses, parts, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
