/** Networks over the Engine API. */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseApiTime } from '#spec/docker/api-time.ts'
import type { EndpointSettings } from '#spec/docker/container-config.ts'
import type { Container } from '#engine/containers/container-book.ts'
import { readWish, wishedEndpoint } from '#engine/containers/container-networking.ts'
import type { Networking } from '#engine/containers/container-networking.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { folderOf } from '#engine/containers/prepare-start.ts'
import type { NetworkRecord, Sandbox } from '#engine/networks/network-record.ts'
import type { Networks } from '#engine/networks/networks.ts'
import type { NetworkCreateBody } from '#engine/networks/plan-network.ts'
import { param, readBodyObject, readFilters } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

export interface NetworkApiDeps {
  readonly parts: EngineParts
  readonly networks: Networks
  readonly networking: Networking
}

interface ConnectBody {
  readonly Container?: string
  readonly EndpointConfig?: Partial<EndpointSettings> | null
  readonly Force?: boolean
}

/** Containers without a network of their own cannot be given one. */
function checkConnectable(container: Container): void {
  const { NetworkMode } = container.record.hostConfig
  if (NetworkMode === 'host' || NetworkMode.startsWith('container:')) {
    throw new GantryError(
      'ENGINE_SHARED_NETWORK',
      'invalid',
      'container sharing network namespace with another container or host cannot be connected to any other network',
    )
  }
}

/** Puts what a running container's network now is into its record and its hosts file. */
async function store(deps: NetworkApiDeps, container: Container, sandbox: Sandbox): Promise<void> {
  const { parts, networking } = deps
  await parts.book.update(container, { networks: networking.endpointsOf(container.record, sandbox) })
  await parts.world.files.write(
    join(folderOf(parts, container.id), 'hosts'),
    networking.hostsOf(container.record, sandbox),
  )
}

async function connect(
  deps: NetworkApiDeps,
  container: Container,
  network: NetworkRecord,
  given: Partial<EndpointSettings> | null,
): Promise<void> {
  const { parts, networks } = deps
  await parts.book.locks.run(container.id, async () => {
    checkConnectable(container)
    const { record } = container
    if (network.driver === 'host')
      throw new GantryError(
        'ENGINE_HOST_NETWORK',
        'invalid',
        'container cannot be connected to host network - container must be created in host network mode',
      )
    if (record.networks[network.name] !== undefined && isAlive(record.state)) {
      throw new GantryError(
        'ENGINE_ENDPOINT_EXISTS',
        'forbidden',
        `endpoint with name ${record.name} already exists in network ${network.name}`,
      )
    }
    const wished = wishedEndpoint(given, network.id)
    const others = Object.fromEntries(Object.entries(record.networks).filter(([name]) => name !== 'none'))
    if (!isAlive(record.state)) {
      readWish(wished, network, null)
      await parts.book.update(container, { networks: { ...others, [network.name]: wished } })
      return
    }
    const sandbox = await networks.connect(container.id, network, readWish(wished, network, null))
    container.record = { ...record, networks: { ...others, [network.name]: wished } }
    await store(deps, container, sandbox)
  })
}

async function disconnect(deps: NetworkApiDeps, container: Container, network: NetworkRecord): Promise<void> {
  const { parts, networks } = deps
  await parts.book.locks.run(container.id, async () => {
    const { record } = container
    if (network.driver === 'host')
      throw new GantryError(
        'ENGINE_HOST_NETWORK',
        'forbidden',
        'container cannot be disconnected from host network or connected to host network',
      )
    if (record.networks[network.name] === undefined) {
      throw new GantryError(
        'ENGINE_NOT_CONNECTED',
        'forbidden',
        `container ${container.id} is not connected to network ${network.name}`,
      )
    }
    const { [network.name]: _left, ...rest } = record.networks
    if (!isAlive(record.state)) {
      await parts.book.update(container, { networks: rest })
      return
    }
    const sandbox = await networks.disconnect(container.id, network)
    container.record = { ...record, networks: rest }
    await store(deps, container, sandbox)
  })
}

async function handleConnect(deps: NetworkApiDeps, call: ApiCall): Promise<void> {
  const body = await readBodyObject<ConnectBody>(call)
  const container = deps.parts.book.resolve(body.Container ?? '')
  await connect(deps, container, deps.networks.find(param(call, 'id')), body.EndpointConfig ?? null)
  call.response.send(200)
}

async function handleDisconnect(deps: NetworkApiDeps, call: ApiCall): Promise<void> {
  const body = await readBodyObject<ConnectBody>(call)
  const container = deps.parts.book.resolve(body.Container ?? '')
  await disconnect(deps, container, deps.networks.find(param(call, 'id')))
  call.response.send(200)
}

async function handlePrune({ parts, networks }: NetworkApiDeps, call: ApiCall): Promise<void> {
  const filters = readFilters(call)
  const unknown = Object.keys(filters).find((key) => !['label', 'label!', 'until'].includes(key))
  if (unknown !== undefined) throw new GantryError('ENGINE_FILTER', 'invalid', `invalid filter '${unknown}'`)
  const until = parseApiTime('until', filters['until']?.[0] ?? '', parts.world.clock.now())
  const named = new Set(parts.book.all().flatMap((container) => Object.keys(container.record.networks)))
  const removed = await networks.prune(
    { label: filters['label'] ?? [], withoutLabel: filters['label!'] ?? [], until },
    (network) => named.has(network.name),
  )
  parts.emit({ type: 'network', action: 'prune', id: '', attributes: { reclaimed: '0' } })
  call.response.json(200, { NetworksDeleted: removed.length > 0 ? removed : null })
}

export function networkRoutes(deps: NetworkApiDeps): ApiRoute[] {
  const { networks } = deps
  return [
    { method: 'GET', path: '/networks', handler: (call) => call.response.json(200, networks.list(readFilters(call))) },
    {
      method: 'GET',
      path: '/networks/{id}',
      handler: (call) => {
        const scope = call.request.query.get('scope') ?? ''
        if (scope !== '' && scope !== 'local')
          throw new GantryError('ENGINE_NO_SUCH_NETWORK', 'not-found', `network ${param(call, 'id')} not found`)
        call.response.json(200, networks.inspect(param(call, 'id')))
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
