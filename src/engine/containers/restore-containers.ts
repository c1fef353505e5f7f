/**
 * What an engine does with its containers when it starts: those that still run are watched again, those that ended
 * meanwhile get their exit code, half-made ones are cleared away, and restart policies are honoured.
 */
import { join } from 'node:path'
import { clearOrphans } from './clear-orphans.ts'
import type { Container } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { bundleOf } from './prepare-start.ts'
import { removeContainer, removeLocked } from './remove-container.ts'
import { startsWithEngine } from './restart-policy.ts'
import { startContainer } from './start-container.ts'
import { scheduleRestart } from './schedule-restart.ts'
import { superviseRun } from './supervise-run.ts'

/** How often a monitor that we did not start ourselves is looked at, besides watching for its exit file. */
const monitorCheckMs = 2000

async function monitorAlive(parts: EngineParts, id: string): Promise<boolean> {
  const path = join(bundleOf(parts, id), 'conmon.pid')
  const text = await parts.world.files.readText(path, { maxBytes: 32 }).catch(() => '')
  const pid = Number(text.trim())
  if (!Number.isInteger(pid) || pid <= 0) return false
  const command = await parts.world.files.readText(`/proc/${pid}/cmdline`, { maxBytes: 8192 }).catch(() => '')
  return command.includes(id)
}

/** Tells of exits by container id, from the folder that monitors write to. */
export class ExitWatch implements AsyncDisposable {
  readonly #parts: EngineParts
  readonly #waiting = new Map<string, () => void>()
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#running = this.#follow().catch((error: unknown) => parts.log.error('exits can not be watched', { error }))
  }

  /** Resolves when the container's exit file is there, or its monitor is gone without one. */
  async ended(id: string): Promise<void> {
    const { files, clock } = this.#parts.world
    const path = join(this.#parts.paths.exits, id)
    const seen = new Promise<void>((resolve) => this.#waiting.set(id, resolve))
    try {
      while (!(await files.exists(path)) && (await monitorAlive(this.#parts, id)) && !this.#stop.signal.aborted) {
        await Promise.race([seen, clock.sleep(monitorCheckMs, this.#stop.signal).catch(() => undefined)])
      }
    } finally {
      this.#waiting.delete(id)
    }
    if (this.#stop.signal.aborted) await new Promise(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #follow(): Promise<void> {
    for await (const { name } of this.#parts.world.files.watch(this.#parts.paths.exits, this.#stop.signal))
      this.#waiting.get(name)?.()
  }
}

async function stillRuns(parts: EngineParts, container: Container): Promise<boolean> {
  const { pid, startTicks } = container.record.state
  return pid !== 0 && (await parts.world.processes.startTicks(pid)) === startTicks
}

async function restoreAlive(parts: EngineParts, container: Container, exits: ExitWatch): Promise<void> {
  const runs = await stillRuns(parts, container)
  // A terminal or open input needs the engine's end of the socket at once; the rest connects when somebody attaches.
  if (runs && container.record.config.OpenStdin)
    container.broker.connect(parts.world.kernel, join(bundleOf(parts, container.id), 'attach'))
  superviseRun(parts, container, {
    // Also of one that has ended: its monitor may be about to write down how.
    ended: exits.ended(container.id),
    startAgain: startContainer,
  })
  if (runs) parts.hooks.onStarted(container.id)
  if (container.record.temporary === true) await removeContainer(parts, container, { force: true, volumes: true })
}

/** A step's container of a build that was cut off; one whose command failed is kept to be looked at, as Docker keeps it. */
function isOfCutBuild({ record: { temporary, state } }: Container): boolean {
  return temporary === true && (state.status !== 'exited' || state.exitCode === 0)
}

/** On its way out when the engine ended, or to be removed with its end. */
function isOnItsWayOut({ record: { state, hostConfig } }: Container): boolean {
  return state.status === 'removing' || state.status === 'dead' || (hostConfig.AutoRemove && state.startedAt !== 0)
}

const isLeftover = (container: Container): boolean => isOfCutBuild(container) || isOnItsWayOut(container)

async function removeLeftover(parts: EngineParts, container: Container): Promise<void> {
  const { hostConfig, takesVolumes } = container.record
  const volumes = isOfCutBuild(container) || hostConfig.AutoRemove || takesVolumes === true
  await removeLocked(parts, container, { volumes }).catch((error: unknown) =>
    parts.log.warn('what is left of a container could not be removed', { container: container.id, error }),
  )
}

async function restoreStopped(parts: EngineParts, container: Container): Promise<void> {
  const { state, hostConfig } = container.record
  if (state.status === 'restarting') {
    scheduleRestart(parts, container, { delayMs: 100, startAgain: startContainer })
    return
  }
  const starts = startsWithEngine(hostConfig.RestartPolicy, {
    stoppedByUser: state.stoppedByUser,
    wasStarted: state.startedAt !== 0,
    exitCode: state.exitCode,
  })
  if (!starts) return
  await startContainer(parts, container).catch((error: unknown) =>
    parts.log.warn('a container could not be started with the engine', { container: container.id, error }),
  )
}

/** Brings every container back under the engine's eyes. Returns the watch that must be disposed with the engine. */
export async function restoreContainers(parts: EngineParts): Promise<ExitWatch> {
  const exits = new ExitWatch(parts)
  await clearOrphans(parts)
  const containers = parts.book.all()
  await Promise.all(
    containers
      .filter((container) => isAlive(container.record.state))
      .map((container) => restoreAlive(parts, container, exits)),
  )
  const stopped = containers.filter((container) => !isAlive(container.record.state))
  // Nobody may see what is left of builds and removals that were cut off.
  await Promise.all(stopped.filter(isLeftover).map((container) => removeLeftover(parts, container)))
  void Promise.all(
    stopped.filter((container) => !isLeftover(container)).map((container) => restoreStopped(parts, container)),
  ).catch((error: unknown) => parts.log.error('containers could not be restored', { error }))
  return exits
}
