/** A container as `GET /containers/{id}/json` shows it: a superset of the fields of all API versions. Pure. */
import { formatInstant } from '#world/ports/clock.ts'
import type { EndpointSettings, PortBinding } from '#spec/docker/container-config.ts'
import { isAlive } from './container-record.ts'
import type { ContainerRecord, ContainerState, Instant } from './container-record.ts'
import type { HealthState } from './health-state.ts'

const zeroTime = '0001-01-01T00:00:00Z'

/** An instant of the API; never is Go's zero time. */
export function formatWhen(instant: Instant): string {
  return instant === 0 ? zeroTime : formatInstant(instant)
}

/** Fields of an endpoint that clients before this minor version do not know, and some compare. */
const endpointSince: Readonly<Record<string, number>> = { DNSNames: 44, GwPriority: 48 }

/** Endpoints by network name, with the fields that a version of the API has. */
export function endpointsOf(networks: ContainerRecord['networks'], minor: number): Record<string, object> {
  const known = (endpoint: EndpointSettings): object => ({
    ...Object.fromEntries(Object.entries(endpoint).filter(([key]) => (endpointSince[key] ?? 0) <= minor)),
    ...(minor >= 48 ? { GwPriority: endpoint.GwPriority ?? 0 } : {}),
  })
  return Object.fromEntries(Object.entries(networks).map(([name, endpoint]) => [name, known(endpoint)]))
}

const predefined = new Set(['bridge', 'host', 'none', 'default'])

/** Endpoints as a version of the API shows them; older ones have the container's short id among the aliases. */
export function viewEndpoints({ networks, id }: Pick<ContainerRecord, 'networks' | 'id'>, minor: number): object {
  const shown = endpointsOf(networks, minor)
  if (minor >= 45) return shown
  const withId = (name: string): object =>
    predefined.has(name) ? {} : { Aliases: [...new Set([...(networks[name]?.Aliases ?? []), id.slice(0, 12)])] }
  return Object.fromEntries(Object.entries(shown).map(([name, endpoint]) => [name, { ...endpoint, ...withId(name) }]))
}

export interface InspectInput {
  /** Minor version of the API that the client speaks. */
  readonly minor: number
  readonly record: ContainerRecord
  readonly health: HealthState | undefined
  readonly execIds: readonly string[]
  readonly ports: Readonly<Record<string, readonly PortBinding[] | null>>
  /** Folder with hostname, hosts and resolv.conf, and the one with the log. */
  readonly folder: string
  readonly networkFolder: string
  readonly logPath: string
  readonly sandbox: { readonly id: string; readonly key: string }
  readonly graph: Readonly<Record<string, string>> | null
  readonly sizes?: { readonly rw: number; readonly rootFs: number }
}

/** `State` of the API: one status word, and the booleans that older clients read. */
export function viewState(state: ContainerState, health: HealthState | undefined): object {
  const { status } = state
  return {
    Status: status,
    Running: isAlive(state) || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: formatWhen(state.startedAt),
    FinishedAt: formatWhen(state.finishedAt),
    ...(health === undefined
      ? {}
      : {
          Health: {
            Status: health.status,
            FailingStreak: health.failingStreak,
            Log: health.log.map((entry) => ({
              Start: formatWhen(entry.start),
              End: formatWhen(entry.end),
              ExitCode: entry.exitCode,
              Output: entry.output,
            })),
          },
        }),
  }
}

/** What older clients read of the default bridge's endpoint outside of `Networks`. */
function viewBridgeEndpoint(bridge: EndpointSettings | undefined): object {
  const keys = ['EndpointID', 'Gateway', 'GlobalIPv6Address', 'IPAddress', 'IPv6Gateway', 'MacAddress'] as const
  return {
    ...Object.fromEntries(keys.map((key) => [key, bridge?.[key] ?? ''])),
    GlobalIPv6PrefixLen: bridge?.GlobalIPv6PrefixLen ?? 0,
    IPPrefixLen: bridge?.IPPrefixLen ?? 0,
  }
}

function viewNetworks(input: InspectInput): object {
  const { record, sandbox } = input
  const alive = isAlive(record.state)
  return {
    Bridge: '',
    SandboxID: alive ? sandbox.id : '',
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    Ports: alive ? input.ports : {},
    SandboxKey: alive ? sandbox.key : '',
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...viewBridgeEndpoint(record.networks['bridge']),
    Networks: viewEndpoints(record, input.minor),
  }
}

/** Files that the engine makes for a container: there from its first start on. */
function viewPaths({ record, networkFolder, logPath }: InspectInput): object {
  const made = record.state.startedAt !== 0
  const path = (name: string): string => (made ? `${networkFolder}/${name}` : '')
  return {
    ResolvConfPath: path('resolv.conf'),
    HostnamePath: path('hostname'),
    HostsPath: path('hosts'),
    // Only of a driver whose files others may read.
    LogPath: made && record.hostConfig.LogConfig.Type === 'json-file' ? logPath : '',
  }
}

/** The whole document. */
export function inspectContainer(input: InspectInput): object {
  const { record } = input
  return {
    Id: record.id,
    Created: formatWhen(record.createdAt),
    Path: record.path,
    Args: record.args,
    State: viewState(record.state, input.health),
    Image: record.imageId,
    ...viewPaths(input),
    Name: `/${record.name}`,
    RestartCount: record.state.restartCount,
    Driver: 'overlay2',
    Platform: record.platform,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: input.execIds.length > 0 ? input.execIds : null,
    HostConfig: record.hostConfig,
    GraphDriver: { Data: input.graph, Name: 'overlay2' },
    ...(input.sizes === undefined ? {} : { SizeRw: input.sizes.rw, SizeRootFs: input.sizes.rootFs }),
    // Those of `--tmpfs` are told from HostConfig.Tmpfs alone.
    Mounts: record.mounts
      .map(({ point }) => point)
      .filter((point) => point.Type !== 'tmpfs' || record.hostConfig.Tmpfs?.[point.Destination] === undefined),
    Config: record.config,
    NetworkSettings: viewNetworks(input),
  }
}
