/**
 * Starts a stored container: makes its filesystem, network and mounts ready, has the runtime create it under a monitor,
 * lets it run, and watches for its end. Each step registers its undo first, so a failure half-way leaves nothing behind.
 */
import { join } from 'node:path'
import { createUndoStack } from '#base/async/undo-stack.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { AttachBroker } from '#engine/runtime/attach-broker.ts'
import { createMonitored } from '#engine/runtime/monitor.ts'
import type { MonitoredProcess } from '#engine/runtime/monitor.ts'
import { deleteProcess, startProcess } from '#engine/runtime/oci-runtime.ts'
import type { Container } from './container-book.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'
import { folderOf, prepareStart } from './prepare-start.ts'
import type { PreparedStart } from './prepare-start.ts'
import { explainStart } from './start-errors.ts'
import { removeLocked } from './remove-container.ts'
import { superviseRun } from './supervise-run.ts'

/** The log that the monitor writes and every log driver reads. */
export function logPathOf(parts: EngineParts, id: string): string {
  return join(folderOf(parts, id), 'container.log')
}

function checkStartable(container: Container): void {
  const { status } = container.record.state
  if (status === 'running')
    throw new GantryError('ENGINE_ALREADY_RUNNING', 'not-modified', 'container is already running')
  if (status === 'paused')
    throw new GantryError('ENGINE_PAUSED', 'conflict', 'cannot start a paused container, try unpause instead', {
      remedy: 'docker unpause it.',
    })
  if (container.removing || status === 'removing' || status === 'dead') {
    throw new GantryError('ENGINE_REMOVING', 'conflict', 'container is marked for removal and cannot be started', {
      remedy: 'Create another container.',
    })
  }
}

async function runMonitored(
  parts: EngineParts,
  container: Container,
  prepared: PreparedStart,
): Promise<MonitoredProcess> {
  const { record } = container
  const { runtime, seccomp } = await parts.runtimes.named(record.hostConfig.Runtime)
  const { config, hostConfig } = record
  await parts.world.files.remove(join(parts.paths.exits, record.id), { force: true })
  const monitored = await createMonitored(parts.world, runtime, {
    id: record.id,
    name: record.name,
    bundle: prepared.bundle,
    exitDirectory: parts.paths.exits,
    logPath: hostConfig.LogConfig.Type === 'none' ? '/dev/null' : logPathOf(parts, record.id),
    terminal: config.Tty,
    stdin: config.OpenStdin,
    stdinOnce: config.StdinOnce,
  })
  await seccomp.learn(prepared.spec, record.id)
  return monitored
}

/** The steps of a start, under the container's lock. */
async function startLocked(parts: EngineParts, container: Container): Promise<void> {
  const { record } = container
  await using undo = createUndoStack((error) =>
    parts.log.warn('a start could not be undone', { container: record.id, error }),
  )
  const { runtime } = await parts.runtimes.named(record.hostConfig.Runtime)
  parts.warmer.warm()
  const prepared = await prepareStart(parts, record, undo)
  undo.defer(() => deleteProcess({ processes: parts.world.processes, runtime }, record.id, { force: true }))
  const monitored = await runMonitored(parts, container, prepared)
  // Connected before the process runs, so that nobody misses its first byte.
  if (container.attachWanted || record.config.OpenStdin)
    container.broker.connect(parts.world.kernel, join(prepared.bundle, 'attach'))
  await startProcess(parts.world.processes, runtime, record.id)
  const startTicks = (await parts.world.processes.startTicks(monitored.pid)) ?? 0
  await parts.book.update(container, {
    networks: prepared.endpoints,
    state: {
      status: 'running',
      pid: monitored.pid,
      startTicks,
      exitCode: 0,
      error: '',
      oomKilled: false,
      startedAt: parts.world.clock.now(),
      stoppedByUser: false,
    },
  })
  undo.commit()
  superviseRun(parts, container, { ended: monitored.ended, startAgain: startContainer })
}

async function recordFailure(parts: EngineParts, container: Container, failure: unknown): Promise<GantryError> {
  const explained = explainStart(container.record.path, failure)
  container.broker.finish()
  container.broker = new AttachBroker(parts.world.clock)
  container.attachWanted = false
  await parts.book.note(container, {
    state: { exitCode: explained.exitCode, error: explained.error.message, pid: 0 },
  })
  return explained.error
}

/**
 * Starts a container that is not running (Engine API `POST /containers/{id}/start`).
 * @throws GantryError not-modified when it runs already, conflict when it is paused or going away, and whatever keeps it
 * from running, in Docker's words; the container keeps that as its error and exit code.
 */
export async function startContainer(parts: EngineParts, container: Container): Promise<void> {
  await parts.book.locks.run(container.id, async () => {
    checkStartable(container)
    container.pendingRestart?.abort()
    try {
      await startLocked(parts, container)
    } catch (failure) {
      const error = await recordFailure(parts, container, failure)
      if (container.record.hostConfig.AutoRemove && !container.removing)
        await removeLocked(parts, container, { volumes: true })
      throw error
    }
    parts.emit({ type: 'container', action: 'start', id: container.id, attributes: attributesOf(container.record) })
    parts.hooks.onStarted(container.id)
  })
}
