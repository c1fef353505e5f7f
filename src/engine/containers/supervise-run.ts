/** Waits for the end of a run and does what follows: resources let go, the record updated, a restart or the removal. */
import { join } from 'node:path'
import { AttachBroker } from '#engine/runtime/attach-broker.ts'
import { readExit } from '#engine/runtime/monitor.ts'
import type { ExitRecord } from '#engine/runtime/monitor.ts'
import { deleteProcess } from '#engine/runtime/oci-runtime.ts'
import type { Container } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'
import { bundleOf } from './prepare-start.ts'
import { releaseMounts, tellUnmounted } from './prepare-mounts.ts'
import { planRestart } from './restart-policy.ts'
import { removeLocked } from './remove-container.ts'
import { scheduleRestart } from './schedule-restart.ts'
import type { StartAgain } from './schedule-restart.ts'

const killedExitCode = 137
/** Output that is still on its way when a process has ended gets this long. */
const drainMsMax = 2000

/** A run that goes on. */
export interface WatchedRun {
  /** Resolves when its monitor is gone. */
  readonly ended: Promise<void>
  /** What a restart policy does in the end. */
  readonly startAgain: StartAgain
}

/** Attaches to the end of a run. */
export function superviseRun(parts: EngineParts, container: Container, run: WatchedRun): void {
  const scope = new AbortController()
  container.runScope = scope
  const finish = (): Promise<void> =>
    parts.book.locks.run(container.id, async () => {
      // Who ends while the engine does is found by the next one.
      if (parts.stopping() || container.runScope !== scope || !isAlive(container.record.state)) return
      await finishRun(parts, container, run.startAgain)
    })
  void run.ended
    .then(finish)
    .catch((error: unknown) =>
      parts.log.error('a container that ended could not be cleaned up', { container: container.id, error }),
    )
}

async function exitOf(parts: EngineParts, container: Container): Promise<ExitRecord> {
  const { id, record } = container
  const exit = await readExit(parts.world.files, { id, bundle: bundleOf(parts, id), exitDirectory: parts.paths.exits })
  if (exit !== undefined) return exit
  // The monitor was killed: nobody can tell the exit code any more, so the process must not go on unwatched.
  const { pid, startTicks } = record.state
  if ((await parts.world.processes.startTicks(pid)) === startTicks) parts.world.processes.kill(pid, 'SIGKILL')
  return { exitCode: killedExitCode, finishedAtMs: parts.world.clock.now(), oomKilled: false }
}

/**
 * Lets go of everything that a run held but the files that tell how it ended; every step is tried whatever the others do.
 */
export async function releaseRun(parts: EngineParts, container: Container): Promise<void> {
  const { record } = container
  const bundle = bundleOf(parts, record.id)
  const { processes } = parts.world
  const results = await Promise.allSettled([
    parts.runtimes
      .named(record.hostConfig.Runtime)
      .then(({ runtime }) => deleteProcess({ processes, runtime }, record.id, { force: true })),
    parts.networking.disconnect(record).then((networks) => {
      container.record = { ...container.record, networks }
    }),
    releaseMounts(parts, record, bundle),
  ])
  tellUnmounted(parts, record)
  const after = await Promise.allSettled([parts.images.snapshots.unmount(record.id)])
  for (const result of [...results, ...after]) {
    if (result.status === 'rejected')
      parts.log.warn('part of a run was not let go of', { container: record.id, error: result.reason })
  }
}

/** Removes what told how a run ended. Only once the record knows: until then another engine may have to read it. */
async function forgetRun(parts: EngineParts, id: string): Promise<void> {
  const { files } = parts.world
  await files.remove(join(parts.paths.exits, id), { force: true })
  await files.remove(bundleOf(parts, id), { recursive: true, force: true })
}

async function drainOutput(parts: EngineParts, container: Container): Promise<void> {
  const stop = new AbortController()
  const patience = parts.world.clock.sleep(drainMsMax, stop.signal).catch(() => undefined)
  await Promise.race([container.broker.drained(), patience])
  stop.abort()
  container.broker.finish()
  container.broker = new AttachBroker(parts.world.clock)
  container.attachWanted = false
}

/** What follows the end of a run, under the container's lock. */
async function finishRun(parts: EngineParts, container: Container, startAgain: StartAgain): Promise<void> {
  const exit = await exitOf(parts, container)
  container.runScope?.abort()
  container.runScope = undefined
  parts.hooks.onEnded(container.id)
  await drainOutput(parts, container)
  emitEnd(parts, container, exit)
  const { startedAt } = container.record.state
  await releaseRun(parts, container)
  await settle(parts, container, { exit, ranMs: exit.finishedAtMs - startedAt, startAgain })
}

function emitEnd(parts: EngineParts, container: Container, exit: ExitRecord): void {
  const { record } = container
  if (exit.oomKilled) parts.emit({ type: 'container', action: 'oom', id: record.id, attributes: attributesOf(record) })
  const seconds = Math.max(0, Math.round((exit.finishedAtMs - record.state.startedAt) / 1000))
  const attributes = attributesOf(record, { exitCode: String(exit.exitCode), execDuration: String(seconds) })
  parts.emit({ type: 'container', action: 'die', id: record.id, attributes })
}

interface EndedRun {
  readonly exit: ExitRecord
  readonly ranMs: number
  readonly startAgain: StartAgain
}

async function settle(parts: EngineParts, container: Container, { exit, ranMs, startAgain }: EndedRun): Promise<void> {
  const { state, hostConfig } = container.record
  const lastDelayMs = container.lastRestartDelayMs
  const plan = planRestart({
    policy: hostConfig.RestartPolicy,
    exitCode: exit.exitCode,
    restartCount: state.restartCount,
    ranMs,
    stoppedByUser: state.stoppedByUser,
    lastDelayMs,
  })
  const restarting = plan.restart && !container.removing && !parts.stopping()
  const ended = {
    pid: 0,
    startTicks: 0,
    exitCode: exit.exitCode,
    oomKilled: exit.oomKilled,
    finishedAt: exit.finishedAtMs,
  }
  const written = await parts.book.note(container, {
    networks: container.record.networks,
    state: { ...ended, status: restarting ? 'restarting' : 'exited' },
  })
  // Where the disk is full the next engine reads once more how it ended.
  if (written) await forgetRun(parts, container.id)
  if (restarting && plan.restart) scheduleRestart(parts, container, { delayMs: plan.delayMs, startAgain })
  else if (hostConfig.AutoRemove && !container.removing && !container.restarting)
    await removeLocked(parts, container, { volumes: true })
}
