/** Networks over the Engine API. */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseApiTime } from '#spec/docker/api-time.ts'
import type { EndpointSettings } from '#spec/docker/container-config.ts'
import type { Container } from '#engine/containers/container-book.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { folderOf } from '#engine/containers/prepare-start.ts'
import {
  connectNetwork,
  containerFiles,
  disconnectNetwork,
  resolveLinks,
} from '#engine/networks/container-networking.ts'
import type { NetworkingConfig } from '#engine/networks/container-networking.ts'
import type { NetworkRecord } from '#engine/networks/network-record.ts'
import type { Networks } from '#engine/networks/networks.ts'
import type { NetworkCreateBody } from '#engine/networks/plan-network.ts'
import { param, readBodyObject, readFilters } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

export interface NetworkApiDeps {
  readonly parts: EngineParts
  readonly networks: Networks
  readonly config: NetworkingConfig
}

interface ConnectBody {
  readonly Container?: string
  readonly EndpointConfig?: Partial<EndpointSettings> | null
  readonly Force?: boolean
}

/** Puts what a container's networks now are into its record, and into its hosts file while it runs. */
async function store(
  deps: NetworkApiDeps,
  container: Container,
  networks: Readonly<Record<string, EndpointSettings>>,
): Promise<void> {
  const { parts } = deps
  await parts.book.update(container, { networks })
  const sandbox = deps.networks.sandbox(container.id)
  if (sandbox === undefined) return
  const links = networks['bridge'] === undefined ? [] : resolveLinks(deps.networks, container.record)
  const { hosts } = await containerFiles(deps.networks, deps.config, { record: container.record, sandbox, links })
  await parts.world.files.write(join(folderOf(parts, container.id), 'hosts'), hosts)
}

async function connect(
  deps: NetworkApiDeps,
  container: Container,
  { network, asked }: { readonly network: NetworkRecord; readonly asked: Partial<EndpointSettings> },
): Promise<void> {
  await deps.parts.book.locks.run(container.id, async () => {
    const settings = await connectNetwork(deps.networks, container.record, { network, asked })
    // `none` is what a container has while it has nothing else.
    const others = Object.entries(container.record.networks).filter(([name]) => name !== 'none')
    await store(deps, container, { ...Object.fromEntries(others), [network.name]: settings })
  })
}

async function disconnect(deps: NetworkApiDeps, container: Container, network: NetworkRecord): Promise<void> {
  await deps.parts.book.locks.run(container.id, async () => {
    await disconnectNetwork(deps.networks, container.record, network)
    const { [network.name]: _left, ...rest } = container.record.networks
    await store(deps, container, rest)
  })
}

async function handleConnect(deps: NetworkApiDeps, call: ApiCall): Promise<void> {
  const body = await readBodyObject<ConnectBody>(call)
  const container = deps.parts.book.resolve(body.Container ?? '')
  await connect(deps, container, {
    network: deps.networks.find(param(call, 'id')),
    asked: body.EndpointConfig ?? {},
  })
  call.response.send(200)
}

async function handleDisconnect(deps: NetworkApiDeps, call: ApiCall): Promise<void> {
  const body = await readBodyObject<ConnectBody>(call)
  const name = body.Container ?? ''
  if (body.Force === true && deps.parts.book.find(name) === undefined) {
    const { name: network } = deps.networks.find(param(call, 'id'))
    throw new GantryError('ENGINE_NO_SUCH_ENDPOINT', 'not-found', `endpoint ${name} not found`, {
      remedy: `docker network inspect ${network} lists them.`,
    })
  }
  const container = deps.parts.book.resolve(name)
  await disconnect(deps, container, deps.networks.find(param(call, 'id')))
  call.response.send(200)
}

async function handlePrune({ parts, networks }: NetworkApiDeps, call: ApiCall): Promise<void> {
  const filters = readFilters(call)
  const unknown = Object.keys(filters).find((key) => !['label', 'label!', 'until'].includes(key))
  if (unknown !== undefined) throw new GantryError('ENGINE_FILTER', 'invalid', `Invalid filter '${unknown}'`)
  const until = parseApiTime('until', filters['until']?.[0] ?? '', parts.world.clock.now())
  const named = new Set(parts.book.all().flatMap((container) => Object.keys(container.record.networks)))
  const removed = await networks.prune(
    { label: filters['label'] ?? [], withoutLabel: filters['label!'] ?? [], until },
    (network) => named.has(network.name),
  )
  parts.emit({ type: 'network', action: 'prune', id: '', attributes: { reclaimed: '0' } })
  call.response.json(200, { NetworksDeleted: removed.length > 0 ? removed : null })
}

/** Clients before 1.48 do not know that IPv4 can be off. */
function viewFor({ EnableIPv4, ...network }: Record<string, unknown>, minor: number): object {
  return minor < 48 ? network : { ...network, EnableIPv4 }
}

export function networkRoutes(deps: NetworkApiDeps): ApiRoute[] {
  const { networks } = deps
  return [
    {
      method: 'GET',
      path: '/networks',
      handler: (call) =>
        call.response.json(
          200,
          networks.list(readFilters(call)).map((network) => viewFor(network, call.version.minor)),
        ),
    },
    {
      method: 'GET',
      path: '/networks/{id}',
      handler: (call) => {
        const scope = call.request.query.get('scope') ?? ''
        if (scope !== '' && scope !== 'local')
          throw new GantryError('ENGINE_NO_SUCH_NETWORK', 'not-found', `network ${param(call, 'id')} not found`, {
            remedy: 'docker network ls lists them.',
          })
        call.response.json(200, viewFor(networks.inspect(param(call, 'id')), call.version.minor))
      },
    },
    {
      method: 'POST',
      path: '/networks/create',
      handler: async (call) => {
        const created = await networks.create(await readBodyObject<NetworkCreateBody>(call))
        call.response.json(201, { Id: created.id, Warning: created.warning })
      },
    },
    { method: 'POST', path: '/networks/{id}/connect', handler: (call) => handleConnect(deps, call) },
    { method: 'POST', path: '/networks/{id}/disconnect', handler: (call) => handleDisconnect(deps, call) },
    { method: 'POST', path: '/networks/prune', handler: (call) => handlePrune(deps, call) },
    {
      method: 'DELETE',
      path: '/networks/{id}',
      handler: async (call) => {
        await networks.remove(param(call, 'id'))
        call.response.send(204)
      },
    },
  ]
}
