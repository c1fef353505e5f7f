/** The engine's API as one handler: every table of routes, given what it needs. */
import { join } from 'node:path'
import { applyChanges } from '#builder/graph/apply-changes.ts'
import { createFetchUrl } from '#builder/fetch-url.ts'
import { archiveRoutes } from '#engine/api/archive-routes.ts'
import { attachRoutes } from '#engine/api/attach-routes.ts'
import { bootstrapRoutes } from '#engine/api/bootstrap-routes.ts'
import { buildRoutes } from '#engine/api/build-routes.ts'
import { commitRoutes } from '#engine/api/commit-routes.ts'
import { containerRoutes } from '#engine/api/container-routes.ts'
import { createEngineApi } from '#engine/api/engine-api.ts'
import { execRoutes } from '#engine/api/exec-routes.ts'
import { imageRoutes } from '#engine/api/image-routes.ts'
import { logRoutes } from '#engine/api/log-routes.ts'
import { networkRoutes } from '#engine/api/network-routes.ts'
import { statsRoutes } from '#engine/api/stats-routes.ts'
import { swarmRoutes } from '#engine/api/swarm-routes.ts'
import { systemRoutes } from '#engine/api/system-routes.ts'
import { transferRoutes } from '#engine/api/transfer-routes.ts'
import type { EngineFacts } from '#engine/api/view-info.ts'
import { volumeRoutes } from '#engine/api/volume-routes.ts'
import type { RegistrySettings } from '#clients/registry/plan-endpoints.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import type { Execs } from '#engine/exec/execs.ts'
import type { NetworkingConfig } from '#engine/networks/container-networking.ts'
import type { HttpHandler } from '#kit/http/exchange.ts'
import { createHttpClient } from '#kit/http/client.ts'
import { randomUuid } from '#world/ports/random.ts'
import type { World } from '#world/ports/world.ts'
import type { EngineState } from './engine-state.ts'
import { createImageBuilder } from './image-builder.ts'
import { createImageTransfer, pullForBuild } from './image-transfer.ts'

export interface EngineApiDeps {
  readonly parts: EngineParts
  readonly state: EngineState
  readonly execs: Execs
  readonly networkingConfig: NetworkingConfig
  readonly registries: Required<RegistrySettings>
}

async function readEngineId(world: World, root: string): Promise<string> {
  const path = join(root, 'engine-id')
  if (await world.files.exists(path)) return (await world.files.readText(path, { maxBytes: 256 })).trim()
  const id = randomUuid(world.random)
  await world.files.replace(path, `${id}\n`, { durable: true })
  return id
}

async function readFacts(world: World, root: string): Promise<Omit<EngineFacts, 'registries'>> {
  const release = await world.files.readText('/etc/os-release').catch(() => '')
  const operatingSystem = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? 'Linux'
  return {
    id: await readEngineId(world, root),
    name: world.machine.hostname,
    rootDirectory: root,
    operatingSystem,
    commit: 'gantry',
    builtAt: '2026-01-01T00:00:00.000000000+00:00',
    language: 'typescript',
    initVersion: '',
    networkDrivers: ['bridge', 'host', 'macvlan', 'null'],
    warnings: [],
  }
}

/** Builds the handler; builder, transfers and their connections end with the scope. */
export async function composeEngineApi(scope: AsyncDisposableStack, deps: EngineApiDeps): Promise<HttpHandler> {
  const { parts, state, execs, networkingConfig, registries } = deps
  const { images, networks, volumes, events, usersOfVolume } = state
  const { world, paths } = parts
  const http = scope.use(createHttpClient({ clock: world.clock }))
  const transfer = scope.use(
    await createImageTransfer({ world, images, root: paths.root, emit: parts.emit, registries }),
  )
  const builder = scope.use(
    createImageBuilder({ parts, http, pull: (reference, options) => pullForBuild(transfer, reference, options) }),
  )
  const fetchUrl = createFetchUrl(http)
  const fetch = async (url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> =>
    (await fetchUrl(url, signal)).body
  const facts = { ...(await readFacts(world, paths.root)), registries }
  return createEngineApi([
    ...systemRoutes({ parts, events, facts, usersOfVolume, buildCache: () => [] }),
    ...containerRoutes(parts),
    ...attachRoutes(parts),
    ...execRoutes(parts, execs),
    ...archiveRoutes(parts),
    ...commitRoutes(parts, applyChanges),
    ...statsRoutes(parts),
    ...logRoutes(parts),
    ...imageRoutes({ images, emit: parts.emit }),
    ...bootstrapRoutes(images),
    ...buildRoutes(builder),
    ...transferRoutes({ images, transfer, applyChanges, fetch }),
    ...volumeRoutes({ volumes, usersOf: usersOfVolume, emit: parts.emit }),
    ...networkRoutes({ parts, networks, config: networkingConfig }),
    ...swarmRoutes(),
  ])
}
