/** The engine about itself: ping, version, info, events, disk use. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseApiTime } from '#spec/docker/api-time.ts'
import type { EventLog, LoggedEvent } from '#engine/events/event-log.ts'
import { viewEvent } from '#engine/events/event-log.ts'
import { checkEventFilters, wantsEvent } from '#engine/events/event-filters.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { listAll } from '#engine/containers/look-at-containers.ts'
import { apiVersionMax, apiVersionMin } from './api-version.ts'
import { readFilters } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'
import { engineVersion, viewInfo } from './view-info.ts'
import type { EngineFacts } from './view-info.ts'

export interface SystemApiDeps {
  readonly parts: EngineParts
  readonly events: EventLog
  readonly facts: EngineFacts
  readonly usersOfVolume: (name: string) => readonly string[]
  /** `BuildCache` rows of system df and what they take up. */
  readonly buildCache: () => readonly object[]
}

const pingHeaders = {
  'Builder-Version': '1',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  Swarm: 'inactive',
  'Content-Type': 'text/plain; charset=utf-8',
}

function viewVersion(deps: SystemApiDeps): object {
  const { facts, parts } = deps
  const { machine } = parts.world
  const common = {
    Version: engineVersion,
    ApiVersion: apiVersionMax,
    MinAPIVersion: apiVersionMin,
    GitCommit: facts.commit,
    GoVersion: facts.language,
    Os: machine.os,
    Arch: machine.ociArchitecture,
    KernelVersion: machine.kernelRelease,
    BuildTime: facts.builtAt,
  }
  const details = { ...common, MinAPIVersion: apiVersionMin, Experimental: 'false' }
  const { Version: _version, ...engineDetails } = details
  return {
    Platform: { Name: 'Gantry' },
    Components: [
      { Name: 'Engine', Version: engineVersion, Details: engineDetails },
      { Name: 'containerd', Version: 'none', Details: { GitCommit: '' } },
      // Clients look for this name; whatever runtime does the work stands in its place.
      { Name: 'runc', Version: `${parts.runtimes.own.name} ${parts.runtimes.own.version}`, Details: { GitCommit: '' } },
      { Name: 'docker-init', Version: facts.initVersion, Details: { GitCommit: '' } },
    ],
    ...common,
  }
}

interface EventsWish {
  readonly since: number | undefined
  readonly until: number | undefined
  readonly filters: Readonly<Record<string, readonly string[]>>
}

async function* eventStream(deps: SystemApiDeps, wish: EventsWish, signal: AbortSignal): AsyncGenerator<LoggedEvent> {
  const { clock } = deps.parts.world
  // Subscribed before the past is read, so that nothing falls between the two.
  using live = deps.events.subscribe()
  const past = wish.since === undefined ? [] : deps.events.past(wish.since, wish.until ?? Infinity)
  const lastAt = past.at(-1)?.at ?? 0
  yield* past
  if (wish.until !== undefined && wish.until <= clock.now()) return
  const stop = (): void => live[Symbol.dispose]()
  signal.addEventListener('abort', stop, { once: true })
  using _deadline = wish.until === undefined ? undefined : clock.setTimer(wish.until - clock.now(), stop)
  for await (const event of live) {
    if (event.at <= lastAt) continue
    if (wish.until !== undefined && event.at > wish.until) return
    yield event
  }
}

async function handleEvents(deps: SystemApiDeps, call: ApiCall): Promise<void> {
  const { query, signal } = call.request
  const now = deps.parts.world.clock.now()
  const since = parseApiTime('since', query.get('since') ?? '', now)
  const until = parseApiTime('until', query.get('until') ?? '', now)
  const filters = readFilters(call)
  checkEventFilters(filters)
  if (since !== undefined && until !== undefined && since > until) {
    throw new GantryError('ENGINE_EVENTS_RANGE', 'invalid', '`since` time cannot be after `until` time', {
      remedy: 'Swap the two times.',
    })
  }
  call.response.start(200, { 'Content-Type': 'application/json' })
  for await (const event of eventStream(deps, { since, until, filters }, signal)) {
    if (wantsEvent(event, filters)) await call.response.writeJson(viewEvent(event))
  }
  call.response.end()
}

async function handleDiskUse(deps: SystemApiDeps, call: ApiCall): Promise<void> {
  const { parts } = deps
  const types = call.request.query.all('type')
  const wants = (type: string): boolean => types.length === 0 || types.includes(type)
  const imageRows = parts.images.list({ all: false, sharedSize: true })
  const volumes = await Promise.all(
    parts.volumes.all().map(async (record) => ({
      ...parts.volumes.view(record),
      UsageData: {
        Size: await parts.volumes.sizeBytes(record.name).catch(() => -1),
        RefCount: deps.usersOfVolume(record.name).length,
      },
    })),
  )
  const images = imageRows.map((row) => ({
    Containers: row.containers,
    Created: Math.floor(row.record.addedMs / 1000),
    Id: row.record.id,
    Labels: row.record.config.config?.Labels ?? null,
    ParentId: row.record.parent ?? '',
    RepoDigests: row.repoDigests,
    RepoTags: row.repoTags,
    SharedSize: row.sharedSizeBytes ?? 0,
    Size: row.record.sizeBytes,
    VirtualSize: row.record.sizeBytes,
  }))
  call.response.json(200, {
    LayersSize: parts.images.layersSizeBytes(),
    Images: wants('image') ? images : null,
    Containers: wants('container')
      ? await listAll(parts, { all: true, limit: 0, filters: {} }, { withSize: true, minor: call.version.minor })
      : null,
    Volumes: wants('volume') ? volumes : null,
    BuildCache: wants('build-cache') ? deps.buildCache() : null,
    BuilderSize: 0,
  })
}

export function systemRoutes(deps: SystemApiDeps): ApiRoute[] {
  return [
    { method: 'GET', path: '/_ping', handler: (call) => call.response.send(200, 'OK', pingHeaders) },
    {
      method: 'HEAD',
      path: '/_ping',
      handler: (call) => call.response.send(200, undefined, { ...pingHeaders, 'Content-Length': '0' }),
    },
    { method: 'GET', path: '/version', handler: (call) => call.response.json(200, viewVersion(deps)) },
    {
      method: 'GET',
      path: '/info',
      handler: (call) => call.response.json(200, viewInfo(deps.parts, deps.facts)),
    },
    { method: 'GET', path: '/events', handler: (call) => handleEvents(deps, call) },
    { method: 'GET', path: '/system/df', handler: (call) => handleDiskUse(deps, call) },
  ]
}
