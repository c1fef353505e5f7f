/** Stop and kill of a running container. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseSignal } from '#spec/docker/signals.table.ts'
import { freeze } from '#engine/runtime/cgroups.ts'
import type { Container } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'
import { requireSignal, signalContainer, sigkill, waitStopped } from './signal-container.ts'

const defaultStopSeconds = 10
/** After SIGKILL the kernel needs a moment; a container that is still there then is stuck in it. */
const killMsMax = 30_000

export interface StopOptions {
  /** Seconds until SIGKILL; negative: wait for ever; undefined: what the container says, else 10. */
  readonly timeoutSeconds?: number
  /** Overrides the container's stop signal. */
  readonly signal?: string
}

async function stopAlive(parts: EngineParts, container: Container, options: StopOptions): Promise<void> {
  const { config, state } = container.record
  const signal = requireSignal(options.signal ?? config.StopSignal ?? 'SIGTERM')
  const seconds = options.timeoutSeconds ?? config.StopTimeout ?? defaultStopSeconds
  if (state.status === 'paused')
    await freeze(parts.world.files, container.id, {
      parent: container.record.hostConfig.CgroupParent || parts.cgroupParent,
      frozen: false,
    })
  await signalContainer(parts, container, signal)
  if (await waitStopped(parts, container, seconds < 0 ? undefined : seconds * 1000)) return
  await signalContainer(parts, container, sigkill)
  if (await waitStopped(parts, container, killMsMax)) return
  throw new GantryError(
    'ENGINE_STOP_FAILED',
    'internal',
    `cannot stop container: ${container.id}: it did not end after SIGKILL`,
  )
}

/** Stops it and keeps restart policies quiet. Whether it ran is the caller's business. */
export async function stopQuietly(parts: EngineParts, container: Container, options: StopOptions): Promise<void> {
  if (options.signal !== undefined && options.signal !== '') requireSignal(options.signal)
  await parts.book.update(container, { state: { stoppedByUser: true } })
  const { status } = container.record.state
  if (status === 'restarting') {
    container.pendingRestart?.abort()
    await parts.book.update(container, { state: { status: 'exited' } })
  } else {
    await stopAlive(parts, container, options)
  }
  parts.emit({ type: 'container', action: 'stop', id: container.id, attributes: attributesOf(container.record) })
}

/**
 * Stops a container (Engine API `POST /containers/{id}/stop`).
 * @throws GantryError not-modified when it does not run.
 */
export async function stopContainer(
  parts: EngineParts,
  container: Container,
  options: StopOptions = {},
): Promise<void> {
  const { state } = container.record
  if (!isAlive(state) && state.status !== 'restarting')
    throw new GantryError('ENGINE_NOT_RUNNING', 'not-modified', 'container is already stopped', {
      remedy: 'Start it first.',
    })
  await stopQuietly(parts, container, options)
}

/**
 * Kills a container or sends it another signal (Engine API `POST /containers/{id}/kill`); returns when SIGKILL has worked.
 * @throws GantryError conflict when it does not run.
 */
export async function killContainer(parts: EngineParts, container: Container, signalText: string): Promise<void> {
  const signal = requireSignal(signalText === '' ? 'SIGKILL' : signalText)
  const { state, name, config } = container.record
  if (!isAlive(state)) {
    throw new GantryError(
      'ENGINE_KILL_STOPPED',
      'conflict',
      `Cannot kill container: ${name}: Container ${container.id} is not running`,
      { remedy: 'docker ps lists what runs.' },
    )
  }
  const ends = signal === sigkill || signal === parseSignal(config.StopSignal ?? 'SIGTERM')
  if (ends) await parts.book.update(container, { state: { stoppedByUser: true } })
  await signalContainer(parts, container, signal)
  if (signal === sigkill) await waitStopped(parts, container, killMsMax)
}
