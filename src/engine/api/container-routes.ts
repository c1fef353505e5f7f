/** The life of containers over the Engine API: create, list, inspect, start, stop, wait, rename, update, remove. */
import { booleanFilter } from '#spec/docker/filters.ts'
import { parseApiTime } from '#spec/docker/api-time.ts'
import type { ContainerCreateBody } from '#spec/docker/container-config.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { createContainer } from '#engine/containers/create-container.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { attributesOf } from '#engine/containers/event-attributes.ts'
import { inspectOne, listAll } from '#engine/containers/look-at-containers.ts'
import { matchesLabel } from '#engine/containers/list-containers.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import { removeContainer } from '#engine/containers/remove-container.ts'
import { removeContainerLink, updateContainer } from '#engine/containers/update-container.ts'
import type { ContainerUpdate } from '#engine/containers/update-container.ts'
import { waitContainer } from '#engine/containers/wait-container.ts'
import type { WaitCondition } from '#engine/containers/wait-container.ts'
import { resizeTerminal } from '#engine/runtime/monitor.ts'
import { bundleOf } from '#engine/containers/prepare-start.ts'
import { checkCreateTypes } from './check-create-types.ts'
import { noContent, param, readBodyObject, readFilters } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'
import { containerActionRoutes } from './container-action-routes.ts'

/** What the API takes as one text or a list of them, as a list. */
function asList<T>(value: T): T | string[] {
  return typeof value === 'string' ? [value] : value
}

/** The body with its lists as lists. Pure. */
function listsOf(body: ContainerCreateBody): ContainerCreateBody {
  const lists = (from: object, keys: readonly string[]): object =>
    Object.fromEntries(Object.entries(from).map(([key, value]) => [key, keys.includes(key) ? asList(value) : value]))
  return {
    ...lists(body, ['Cmd', 'Entrypoint', 'Shell']),
    HostConfig: lists(body.HostConfig ?? {}, ['CapAdd', 'CapDrop']),
  }
}

/** Older clients leave fields out that newer ones must send, and the other way round. Pure. */
function adaptCreateBody(body: ContainerCreateBody, minor: number): ContainerCreateBody {
  const host = body.HostConfig ?? {}
  const endpoints = body.NetworkingConfig?.EndpointsConfig ?? {}
  if (minor < 44 && Object.keys(endpoints).length > 1) {
    throw new GantryError(
      'ENGINE_ENDPOINTS',
      'invalid',
      `Container cannot be connected to network endpoints: ${Object.keys(endpoints).join(', ')}`,
      { remedy: 'Connect the other networks after the creation, or use API 1.44.' },
    )
  }
  const ipc = minor < 40 && (host.IpcMode ?? '') === '' ? { IpcMode: 'shareable' } : {}
  return listsOf({ ...body, HostConfig: { ...host, ...ipc } })
}

function readSize(call: ApiCall): { readonly height: number; readonly width: number } {
  const read = (key: string): number => {
    const value = call.request.query.integer(key, -1)
    if (value < 0 || value > 65_535)
      throw new GantryError(
        'ENGINE_SIZE',
        'invalid',
        `invalid resize ${key === 'h' ? 'height' : 'width'} "${call.request.query.get(key) ?? ''}"`,
        { remedy: 'Give the height as h and the width as w.' },
      )
    return value
  }
  return { height: read('h'), width: read('w') }
}

async function handleWait(parts: EngineParts, call: ApiCall): Promise<void> {
  const container = parts.book.resolve(param(call, 'id'))
  const condition = call.request.query.get('condition') ?? ''
  const known = ['', 'not-running', 'next-exit', 'removed']
  if (!known.includes(condition))
    throw new GantryError('ENGINE_WAIT_CONDITION', 'invalid', `invalid condition: "${condition}"`, {
      remedy: 'Conditions are not-running, next-exit and removed.',
    })
  // The client starts the container once it has seen these headers: then its wait cannot miss the end.
  if (call.version.minor >= 30) call.response.start(200, { 'Content-Type': 'application/json' })
  const wanted: WaitCondition = condition === '' ? 'not-running' : (condition as WaitCondition)
  const result = await waitContainer(parts, container, { condition: wanted, signal: call.request.signal })
  const body = {
    ...(result.error === undefined
      ? call.version.minor >= 30
        ? { Error: null }
        : {}
      : { Error: { Message: result.error } }),
    StatusCode: result.exitCode,
  }
  if (!call.response.started) return call.response.json(200, body)
  await call.response.writeJson(body)
  call.response.end()
}

const pruneFilters = new Set(['label', 'label!', 'until'])

async function handlePrune(parts: EngineParts, call: ApiCall): Promise<void> {
  const filters = readFilters(call)
  const unknown = Object.keys(filters).find((key) => !pruneFilters.has(key))
  if (unknown !== undefined) throw new GantryError('ENGINE_FILTER', 'invalid', `Invalid filter '${unknown}'`)
  const [untilText] = filters['until'] ?? []
  const until = untilText === undefined ? undefined : parseApiTime('until', untilText, parts.world.clock.now())
  const doomed = parts.book.all().filter(({ record }) => {
    if (isAlive(record.state) || record.state.status === 'restarting') return false
    if (until !== undefined && record.createdAt > until) return false
    const { Labels } = record.config
    return (
      (filters['label'] ?? []).every((label) => matchesLabel(Labels, label)) &&
      !(filters['label!'] ?? []).some((label) => matchesLabel(Labels, label))
    )
  })
  const deleted: string[] = []
  let reclaimed = 0
  for (const container of doomed) {
    const size = await parts.images.snapshots.usage(container.id).catch(() => 0)
    const gone = await removeContainer(parts, container).then(
      () => true,
      () => false,
    )
    if (!gone) continue
    deleted.push(container.id)
    reclaimed += size
  }
  parts.emit({ type: 'container', action: 'prune', id: '', attributes: { reclaimed: String(reclaimed) } })
  call.response.json(200, { ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed })
}

async function handleUpdate(parts: EngineParts, call: ApiCall): Promise<void> {
  const container = parts.book.resolve(param(call, 'id'))
  const warnings = await updateContainer(parts, container, await readBodyObject<ContainerUpdate>(call))
  call.response.json(200, { Warnings: warnings.length > 0 ? warnings : null })
}

async function handleCreate(parts: EngineParts, call: ApiCall): Promise<void> {
  const sent = await readBodyObject<ContainerCreateBody>(call)
  if (!Object.keys(sent).some((key) => key !== 'HostConfig' && key !== 'NetworkingConfig'))
    throw new GantryError('ENGINE_NO_CONFIG', 'invalid', 'Config cannot be empty in order to create a container', {
      remedy: 'Name an image.',
    })
  checkCreateTypes(sent)
  const body = adaptCreateBody(sent, call.version.minor)
  const { query } = call.request
  const created = await createContainer(parts, {
    body,
    name: query.get('name') ?? '',
    platform: query.get('platform') ?? '',
  })
  call.response.json(201, { Id: created.id, Warnings: created.warnings })
}

async function handleList(parts: EngineParts, call: ApiCall): Promise<void> {
  const { query } = call.request
  const filters = readFilters(call)
  booleanFilter(filters, 'is-task')
  const limit = Math.max(0, query.integer('limit', 0))
  const view = { withSize: query.flag('size'), minor: call.version.minor }
  call.response.json(200, await listAll(parts, { all: query.flag('all'), limit, filters }, view))
}

async function handleInspect(parts: EngineParts, call: ApiCall): Promise<void> {
  const wish = { withSize: call.request.query.flag('size'), minor: call.version.minor }
  call.response.json(200, await inspectOne(parts, parts.book.resolve(param(call, 'id')), wish))
}

async function handleResize(parts: EngineParts, call: ApiCall): Promise<void> {
  const container = parts.book.resolve(param(call, 'id'))
  const size = readSize(call)
  if (!isAlive(container.record.state)) {
    throw new GantryError('ENGINE_NOT_RUNNING', 'conflict', `Container ${container.id} is not running`, {
      remedy: 'Start it first.',
    })
  }
  await resizeTerminal(parts.world.files, bundleOf(parts, container.id), size)
  const attributes = attributesOf(container.record, { height: String(size.height), width: String(size.width) })
  parts.emit({ type: 'container', action: 'resize', id: container.id, attributes })
  call.response.send(200)
}

async function handleRemove(parts: EngineParts, call: ApiCall): Promise<void> {
  const { query } = call.request
  if (query.flag('link')) {
    await removeContainerLink(parts, param(call, 'id'))
    return noContent(call)
  }
  const container = parts.book.resolve(param(call, 'id'))
  await removeContainer(parts, container, { force: query.flag('force'), volumes: query.flag('v') })
  noContent(call)
}

export function containerRoutes(parts: EngineParts): ApiRoute[] {
  const row = (
    method: string,
    path: string,
    handler: (parts: EngineParts, call: ApiCall) => Promise<void>,
  ): ApiRoute => ({ method, path, handler: (call) => handler(parts, call) })
  return [
    row('POST', '/containers/create', handleCreate),
    row('GET', '/containers/json', handleList),
    row('GET', '/containers/{id}/json', handleInspect),
    row('POST', '/containers/{id}/resize', handleResize),
    row('POST', '/containers/{id}/update', handleUpdate),
    row('POST', '/containers/{id}/wait', handleWait),
    row('POST', '/containers/prune', handlePrune),
    row('DELETE', '/containers/{id...}', handleRemove),
    ...containerActionRoutes(parts),
  ]
}
