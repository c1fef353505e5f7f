/** `GET /containers/json`: which containers a list shows, and each of its rows. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { PortBinding } from '#spec/docker/container-config.ts'
import { endpointsOf } from './inspect-container.ts'
import { isAlive } from './container-record.ts'
import type { ContainerRecord, ContainerState, ContainerStatus } from './container-record.ts'
import type { HealthState } from './health-state.ts'

/** Values by filter key; every value of a key may match, every key must. */
export type Filters = Readonly<Record<string, readonly string[]>>

export interface ListedContainer {
  readonly record: ContainerRecord
  readonly health: HealthState | undefined
  readonly ports: Readonly<Record<string, readonly PortBinding[] | null>>
  /** What the image reference of the record points at now; differs when the tag moved. */
  readonly imageIdNow: string | undefined
  /** Image ids from its own down to the base, for `ancestor`. */
  readonly ancestry: readonly string[]
  readonly sizes?: { readonly rw: number; readonly rootFs: number }
}

export interface ListRequest {
  readonly all: boolean
  /** At most this many of the newest; 0: no limit. */
  readonly limit: number
  readonly filters: Filters
}

const knownFilters = new Set([
  'ancestor',
  'before',
  'since',
  'exited',
  'id',
  'isolation',
  'label',
  'name',
  'status',
  'health',
  'volume',
  'network',
  'publish',
  'expose',
  'is-task',
])
const statuses: readonly string[] = [
  'created',
  'restarting',
  'running',
  'removing',
  'paused',
  'exited',
  'dead',
] satisfies ContainerStatus[]

const healthWords = ['none', 'starting', 'healthy', 'unhealthy']

/** `publish` and `expose` take a port or a range, with a protocol or without. */
function checkPortFilters(filters: Filters): void {
  for (const key of ['publish', 'expose']) {
    for (const value of filters[key] ?? []) {
      const [ports = ''] = value.split('/')
      const bad = ports.split('-').find((part) => !/^\d{1,5}$/.test(part))
      if (bad !== undefined)
        throw badFilter(
          `error while looking up for ${key} ${value}: strconv.ParseUint: parsing "${bad}": invalid syntax`,
        )
    }
  }
}

function badFilter(text: string): GantryError {
  return new GantryError('ENGINE_FILTER', 'invalid', text, { remedy: 'See docker ps --help for the filters.' })
}

/** @throws GantryError invalid for keys and values that no list has. */
export function checkListFilters(filters: Filters): void {
  const unknown = Object.keys(filters).find((key) => !knownFilters.has(key))
  if (unknown !== undefined) throw badFilter(`Invalid filter '${unknown}'`)
  const status = filters['status']?.find((value) => !statuses.includes(value))
  if (status !== undefined) throw badFilter(`Invalid filter 'status=${status}'`)
  const exited = filters['exited']?.find((value) => !/^-?\d+$/.test(value))
  if (exited !== undefined) throw badFilter(`strconv.Atoi: parsing "${exited}": invalid syntax`)
  const health = filters['health']?.find((value) => !healthWords.includes(value))
  if (health !== undefined) throw badFilter(`Unrecognised filter value for health: ${health}`)
  checkPortFilters(filters)
  for (const value of filters['name'] ?? []) compile(value)
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern)
  } catch (error) {
    throw new GantryError('ENGINE_FILTER', 'invalid', `Invalid filter 'name=${pattern}'`, { cause: error })
  }
}

/** `KEY` or `KEY=VALUE` against a map. */
export function matchesLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const separator = wanted.indexOf('=')
  if (separator < 0) return Object.hasOwn(labels, wanted)
  return labels[wanted.slice(0, separator)] === wanted.slice(separator + 1)
}

/** The health word of the API: `none` without a check. */
export function healthWord(health: HealthState | undefined): string {
  return health?.status ?? 'none'
}

function normalisePort(text: string): string[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text)
  if (match === null) return [text]
  const from = Number(match[1])
  const to = Math.min(Number(match[2] ?? match[1]), 65_535)
  return Array.from({ length: Math.max(0, to - from + 1) }, (_value, index) => `${from + index}/${match[3] ?? 'tcp'}`)
}

function matchesMount(record: ContainerRecord, wanted: string): boolean {
  return record.mounts.some(
    ({ point }) => point.Name === wanted || point.Destination === wanted || point.Source === wanted,
  )
}

type Matcher = (row: ListedContainer, value: string) => boolean

const matchers: Readonly<Record<string, Matcher>> = {
  id: ({ record }, value) => record.id.startsWith(value),
  name: ({ record }, value) => {
    const pattern = compile(value)
    return pattern.test(record.name) || pattern.test(`/${record.name}`)
  },
  status: ({ record }, value) => record.state.status === value,
  // One that waits for its restart counts as running.
  exited: ({ record: { state } }, value) =>
    state.exitCode === Number(value) && !isAlive(state) && state.status !== 'restarting' && state.startedAt !== 0,
  health: ({ health }, value) => healthWord(health) === value,
  volume: ({ record }, value) => matchesMount(record, value),
  network: ({ record }, value) =>
    Object.entries(record.networks).some(
      ([name, endpoint]) => name === value || (endpoint.NetworkID !== '' && endpoint.NetworkID.startsWith(value)),
    ),
  publish: ({ ports }, value) => {
    const wanted = new Set(normalisePort(value))
    return Object.entries(ports).some(([port, bindings]) =>
      (bindings ?? []).some(({ HostPort }) => wanted.has(`${HostPort}/${port.split('/')[1]}`)),
    )
  },
  expose: ({ record }, value) =>
    normalisePort(value).some((port) => Object.hasOwn(record.config.ExposedPorts ?? {}, port)),
  ancestor: ({ ancestry, record }, value) => ancestry.includes(value) || record.config.Image === value,
  'is-task': (_row, value) => !/^(1|true|t)$/i.test(value),
  isolation: () => true,
}

function matches(row: ListedContainer, filters: Filters): boolean {
  return Object.entries(filters).every(([key, values]) => {
    if (key === 'label') return values.every((value) => matchesLabel(row.record.config.Labels, value))
    const matcher = matchers[key]
    return matcher === undefined || values.some((value) => matcher(row, value))
  })
}

/** Older or newer than the container that `before` or `since` names (already resolved to its creation time). */
export interface AgeBounds {
  readonly before?: number
  readonly since?: number
}

/** The rows that a list shows, newest first. */
export function selectContainers(
  rows: readonly ListedContainer[],
  request: ListRequest,
  bounds: AgeBounds,
): ListedContainer[] {
  const { filters } = request
  const everyState =
    request.all ||
    request.limit > 0 ||
    ['status', 'exited', 'before', 'since'].some((key) => filters[key] !== undefined)
  const selected = rows.filter((row) => {
    const { state, createdAt } = row.record
    if (!everyState && !isAlive(state) && state.status !== 'restarting') return false
    if (bounds.before !== undefined && createdAt >= bounds.before) return false
    if (bounds.since !== undefined && createdAt <= bounds.since) return false
    return matches(row, filters)
  })
  return request.limit > 0 ? selected.slice(0, request.limit) : selected
}

/** "3 seconds", "About a minute", "2 hours", … as Docker writes durations. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.round(seconds / 3600)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`
  return `${Math.floor(hours / 24 / 365)} years`
}

/** The status in words: "Up 5 minutes (healthy)", "Exited (0) 3 seconds ago". */
export function statusWords(state: ContainerState, health: HealthState | undefined, now: number): string {
  const ago = (instant: number): string => `${humanDuration(now - instant)} ago`
  const note = health === undefined ? '' : health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`
  switch (state.status) {
    case 'running':
      return `Up ${humanDuration(now - state.startedAt)}${note}`
    case 'paused':
      return `Up ${humanDuration(now - state.startedAt)} (Paused)`
    case 'restarting':
      return `Restarting (${state.exitCode}) ${ago(state.finishedAt)}`
    case 'removing':
      return 'Removal In Progress'
    case 'dead':
      return 'Dead'
    case 'created':
      return 'Created'
    case 'exited':
      return `Exited (${state.exitCode}) ${ago(state.finishedAt)}`
  }
}

function viewPorts(row: ListedContainer): object[] {
  return Object.entries(row.ports).flatMap(([port, bindings]): object[] => {
    const [number = '', Type = 'tcp'] = port.split('/')
    const PrivatePort = Number(number)
    if (bindings === null || bindings.length === 0) return [{ PrivatePort, Type }]
    return bindings.map(({ HostIp, HostPort }) => ({ IP: HostIp, PrivatePort, PublicPort: Number(HostPort), Type }))
  })
}

/** Endpoints without what only an inspect tells. */
function listEndpoints({ networks }: ContainerRecord, minor: number): object {
  const rows = Object.entries(endpointsOf(networks, minor)).map(([name, endpoint]) => [
    name,
    { ...endpoint, Aliases: null, DriverOpts: null, Links: null },
  ])
  return Object.fromEntries(rows) as object
}

export interface ListView {
  /** Epoch milliseconds. */
  readonly now: number
  /** Minor version of the API that the client speaks. */
  readonly minor: number
}

/** Health in a list came late; older clients are not told. */
const healthSinceMinor = 51

/** One row of the list. */
export function viewListed(row: ListedContainer, { now, minor }: ListView): object {
  const { record, sizes } = row

  const moved = row.imageIdNow !== record.imageId
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: moved ? record.imageId : record.config.Image,
    ImageID: record.imageId,
    Command: [record.path, ...record.args.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' '),
    Created: Math.floor(record.createdAt / 1000),
    Ports: isAlive(record.state) ? viewPorts(row) : [],
    ...(sizes === undefined ? {} : { ...(sizes.rw === 0 ? {} : { SizeRw: sizes.rw }), SizeRootFs: sizes.rootFs }),
    Labels: record.config.Labels,
    State: record.state.status,
    Status: statusWords(record.state, row.health, now),
    HostConfig: {
      NetworkMode: record.hostConfig.NetworkMode,
      ...(record.hostConfig.Annotations === undefined ? {} : { Annotations: record.hostConfig.Annotations }),
    },
    ...(minor < healthSinceMinor
      ? {}
      : { Health: { Status: healthWord(row.health), FailingStreak: row.health?.failingStreak ?? 0 } }),
    NetworkSettings: { Networks: listEndpoints(record, minor) },
    Mounts: record.mounts.map((mount) => mount.point),
  }
}
