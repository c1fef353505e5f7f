/** What the container actions are made of: handed to each of them, composed once by `createContainers`. */
import type { EndpointSettings, PortBinding } from '#spec/docker/container-config.ts'
import type { Images } from '#images/images.ts'
import type { World } from '#world/ports/world.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Volumes } from '#engine/volumes/volumes.ts'
import type { Runtimes } from '#engine/runtime/runtimes.ts'
import type { CgroupWarmer } from '#engine/runtime/warm-cgroup-moves.ts'
import type { ContainerBook } from './container-book.ts'
import type { ContainerRecord } from './container-record.ts'
import type { HealthState } from './health-state.ts'
import type { HostDefaults } from './complete-host-config.ts'
import type { HostFacts } from './check-host-config.ts'

/** Where an engine keeps what; see `engine/containers/README.md` for the tree. */
export interface EnginePaths {
  /** State that survives a restart of the machine. */
  readonly root: string
  /** `root/containers`: a folder per container with its files and log. */
  readonly containers: string
  /** `run/bundles`: a folder per running container, gone with a restart of the machine. */
  readonly bundles: string
  readonly exits: string
}

/** A container's network for one run. */
export interface ConnectedNetwork {
  /** Pinned network namespace to join; undefined: the host's. */
  readonly netnsPath: string | undefined
  readonly endpoints: Readonly<Record<string, EndpointSettings>>
  /** Texts of the files that the container gets to see. */
  readonly hosts: string
  readonly resolvConf: string
}

/** What containers need of networks; supplied by `engine/networks`. */
export interface ContainerNetworking {
  /** The networks of a new container, checked. @throws GantryError not-found "network X not found". */
  plan(request: {
    readonly networkMode: string
    readonly endpoints: Readonly<Record<string, Partial<EndpointSettings> | null>>
    readonly macAddress: string | undefined
  }): Readonly<Record<string, EndpointSettings>>
  /** Makes the namespace, connects every endpoint, publishes the ports. */
  connect(record: ContainerRecord): Promise<ConnectedNetwork>
  /** Makes a running container answer to its new name. */
  rename(record: ContainerRecord): Promise<void>
  /** Takes it all away after a run; what was asked for stays in the endpoints. */
  disconnect(record: ContainerRecord): Promise<Readonly<Record<string, EndpointSettings>>>
  /** Host bindings of a running container, by container port; null for exposed ports that are not published. */
  publishedPorts(record: ContainerRecord): Readonly<Record<string, readonly PortBinding[] | null>>
  /** Id and path of the network namespace, for inspect. */
  sandboxOf(record: ContainerRecord): { readonly id: string; readonly key: string }
}

export interface EngineEvent {
  readonly type: 'container' | 'image' | 'network' | 'volume' | 'daemon' | 'builder'
  readonly action: string
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
}

/** A follow-up that other parts of the engine do when a run starts or ends (health checks, logs). */
export interface RunHooks {
  onStarted(containerId: string): void
  onEnded(containerId: string): void
}

export interface EngineParts {
  readonly world: World
  readonly log: Log
  readonly book: ContainerBook
  readonly images: Images
  readonly volumes: Volumes
  readonly networking: ContainerNetworking
  readonly runtimes: Runtimes
  /** Told when a process is about to be put into a control group. */
  readonly warmer: CgroupWarmer
  readonly paths: EnginePaths
  readonly defaults: HostDefaults
  readonly facts: HostFacts
  /** Cgroup under which each container gets its own, without a trailing slash. */
  readonly cgroupParent: string
  readonly unifiedCgroups: boolean
  readonly emit: (event: EngineEvent) => void
  readonly hooks: RunHooks
  /** How a container's health check stands; undefined without one. */
  readonly healthOf: (containerId: string) => HealthState | undefined
  /** True once the engine is on its way down: nothing is restarted any more. */
  readonly stopping: () => boolean
}
