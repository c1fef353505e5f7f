/** Volumes over the Engine API. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { booleanFilter } from '#spec/docker/filters.ts'
import type { EngineEvent } from '#engine/containers/engine-parts.ts'
import { matchesLabel } from '#engine/containers/list-containers.ts'
import type { Filters } from '#engine/containers/list-containers.ts'
import type { VolumeRecord } from '#engine/volumes/volume-record.ts'
import type { Volumes } from '#engine/volumes/volumes.ts'
import { noContent, param, readBodyObject, readFilters } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

interface VolumeCreateBody {
  readonly Name?: string
  readonly Driver?: string
  readonly DriverOpts?: Readonly<Record<string, string>> | null
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly ClusterVolumeSpec?: object
}

export interface VolumeApiDeps {
  readonly volumes: Volumes
  readonly usersOf: (name: string) => readonly string[]
  readonly emit: (event: EngineEvent) => void
}

const listFilters = ['dangling', 'driver', 'label', 'name']
const pruneFilters = ['label', 'label!', 'all']

function check(filters: Filters, known: readonly string[]): void {
  const unknown = Object.keys(filters).find((key) => !known.includes(key))
  if (unknown !== undefined) throw new GantryError('ENGINE_FILTER', 'invalid', `Invalid filter '${unknown}'`)
}

function wanted(record: VolumeRecord, filters: Filters, inUse: boolean): boolean {
  const dangling = booleanFilter(filters, 'dangling')
  if (dangling !== undefined && dangling === inUse) return false
  const { driver: drivers, name: names, label: labels = [] } = filters
  if (drivers !== undefined && !drivers.includes(record.driver)) return false
  if (names !== undefined && !names.some((name) => record.name.includes(name))) return false
  return labels.every((label) => matchesLabel(record.labels, label))
}

async function handlePrune({ volumes, usersOf, emit }: VolumeApiDeps, call: ApiCall): Promise<void> {
  const filters = readFilters(call)
  check(filters, pruneFilters)
  // Before 1.42 every unused volume went; since then only those that nobody named, unless all are asked for.
  const all = call.version.minor < 42 || booleanFilter(filters, 'all') === true
  const deleted: string[] = []
  let reclaimed = 0
  for (const record of volumes.all()) {
    if ((!all && !record.anonymous) || usersOf(record.name).length > 0) continue
    const { label = [], 'label!': without = [] } = filters
    if (
      !label.every((one) => matchesLabel(record.labels, one)) ||
      without.some((one) => matchesLabel(record.labels, one))
    )
      continue
    const size = await volumes.sizeBytes(record.name).catch(() => 0)
    const gone = await volumes.remove(record.name).then(
      () => true,
      () => false,
    )
    if (!gone) continue
    deleted.push(record.name)
    reclaimed += size
  }
  emit({ type: 'volume', action: 'prune', id: '', attributes: { reclaimed: String(reclaimed) } })
  call.response.json(200, { VolumesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed })
}

export function volumeRoutes(deps: VolumeApiDeps): ApiRoute[] {
  const { volumes, usersOf } = deps
  return [
    {
      method: 'GET',
      path: '/volumes',
      handler: (call) => {
        const filters = readFilters(call)
        check(filters, listFilters)
        const rows = volumes.all().filter((record) => wanted(record, filters, usersOf(record.name).length > 0))
        call.response.json(200, { Volumes: rows.map((record) => volumes.view(record)), Warnings: null })
      },
    },
    {
      method: 'POST',
      path: '/volumes/create',
      handler: async (call) => {
        const body = await readBodyObject<VolumeCreateBody>(call)
        if (body.ClusterVolumeSpec !== undefined)
          throw new GantryError(
            'ENGINE_SWARM',
            'unavailable',
            'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
          )
        const record = await volumes.create({
          name: body.Name ?? '',
          driver: body.Driver ?? '',
          options: body.DriverOpts ?? {},
          labels: body.Labels ?? {},
        })
        call.response.json(201, volumes.view(record))
      },
    },
    {
      method: 'GET',
      path: '/volumes/{name}',
      handler: (call) => {
        call.response.json(200, volumes.view(volumes.resolve(param(call, 'name'))))
      },
    },
    {
      method: 'DELETE',
      path: '/volumes/{name}',
      handler: async (call) => {
        await volumes.remove(param(call, 'name'), { force: call.request.query.flag('force') })
        noContent(call)
      },
    },
    { method: 'POST', path: '/volumes/prune', handler: (call) => handlePrune(deps, call) },
  ]
}
