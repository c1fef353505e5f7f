/**
 * What the engine knows of a container. The record is what survives; everything about a running process that cannot be
 * found again after a crash is kept beside it in memory only.
 *
 *     created ──start──▶ running ◀──unpause── paused
 *        │                │  ▲ └────pause────▶
 *        │               die │ restart policy
 *        ▼                ▼  │
 *     (removed) ◀─rm── exited ◀─▶ restarting        removing, dead: on the way out
 */
import type { Digest } from '#base/data/digest.ts'
import type { ContainerConfig, EndpointSettings, HostConfig, MountPoint } from '#spec/docker/container-config.ts'

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

/** Epoch milliseconds; 0 means never. */
export type Instant = number

export interface ContainerState {
  readonly status: ContainerStatus
  readonly pid: number
  /** Kernel start time of `pid`: together they name the process for good. */
  readonly startTicks: number
  readonly exitCode: number
  readonly error: string
  readonly oomKilled: boolean
  readonly startedAt: Instant
  readonly finishedAt: Instant
  readonly restartCount: number
  /** The user stopped it, so restart policies keep quiet until the engine starts again. */
  readonly stoppedByUser: boolean
}

/** A mount of a container: what inspect shows, and where it comes from. */
export interface ContainerMount {
  readonly point: MountPoint
  /** Copies the image's content into an empty volume at the first start. */
  readonly copyUp: boolean
  readonly recursive: boolean
  readonly subpath?: string
  /** Options of a tmpfs mount. */
  readonly tmpfs?: readonly string[]
  /** Missing bind sources become directories (`-v`) or are an error (`--mount`). */
  readonly createSource?: boolean
  /** The volume was made for this container alone and has no name of the user's choosing. */
  readonly anonymous?: boolean
}

export interface ContainerRecord {
  readonly id: string
  /** Without the leading slash. */
  readonly name: string
  readonly createdAt: Instant
  readonly imageId: Digest
  readonly layers: readonly Digest[]
  readonly path: string
  readonly args: readonly string[]
  readonly config: ContainerConfig
  readonly hostConfig: HostConfig
  /** By network name; kept while stopped, with what was asked for. */
  readonly networks: Readonly<Record<string, EndpointSettings>>
  readonly mounts: readonly ContainerMount[]
  readonly state: ContainerState
  readonly platform: 'linux'
  /** Made for a step of a build, which removes it: the engine's next start does so when the build was cut off. */
  readonly temporary?: boolean
  /** On the way out with the volumes that were made for it: a removal that was cut off goes on like that. */
  readonly takesVolumes?: boolean
}

/** The state of a container that was never started. */
export const newState: ContainerState = {
  status: 'created',
  pid: 0,
  startTicks: 0,
  exitCode: 0,
  error: '',
  oomKilled: false,
  startedAt: 0,
  finishedAt: 0,
  restartCount: 0,
  stoppedByUser: false,
}

/** True while the container's process exists. */
export function isAlive(state: ContainerState): boolean {
  return state.status === 'running' || state.status === 'paused'
}
