/** Processes that users run in running containers: created, started, looked at, forgotten a while after they ended. */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import { parseDetachKeys } from '#engine/containers/detach-keys.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { attributesOf } from '#engine/containers/event-attributes.ts'
import { bundleOf } from '#engine/containers/prepare-start.ts'
import { explainStart } from '#engine/containers/start-errors.ts'
import { readAccounts } from '#engine/containers/root-files.ts'
import { AttachBroker } from '#engine/runtime/attach-broker.ts'
import { resizeTerminal } from '#engine/runtime/monitor.ts'
import type { OciSpec } from '#engine/runtime/oci-spec.ts'
import type { World } from '#world/ports/world.ts'
import { planCapabilities } from '#engine/runtime/plan-capabilities.ts'
import { planUser } from '#engine/runtime/plan-user.ts'
import { runExec } from '#engine/runtime/run-exec.ts'
import { planExecProcess } from './plan-exec.ts'
import type { ExecConfig } from './plan-exec.ts'

export interface Exec {
  readonly id: string
  readonly containerId: string
  readonly config: ExecConfig
  readonly detachKeys: readonly number[]
  broker: AttachBroker
  status: 'created' | 'running' | 'ended'
  pid: number
  exitCode: number | null
  /** Size asked for before there was a terminal to set. */
  wantedSize: { readonly height: number; readonly width: number } | undefined
  /** Resolves when it has ended; set once it runs. */
  ended: Promise<void> | undefined
}

export interface Execs {
  create(container: Container, nameAsGiven: string, config: ExecConfig): Exec
  /** @throws GantryError not-found "No such exec instance: ID". */
  resolve(id: string): Exec
  /** Starts it; the broker hands on its output. @throws GantryError in Docker's words when it cannot run. */
  start(exec: Exec, size: readonly [number, number] | undefined): Promise<void>
  resize(exec: Exec, size: { readonly height: number; readonly width: number }): Promise<void>
  /** Runs a command to its end with its output kept (health checks). */
  runToEnd(
    container: Container,
    config: ExecConfig,
    options: { readonly outputBytesMax: number; readonly signal: AbortSignal },
  ): Promise<{ readonly exitCode: number; readonly output: string }>
  view(exec: Exec): object
  /** Forgets the execs of a container that ended. */
  forget(containerId: string): void
}

/** Ended execs can be inspected for this long. */
const keepMs = 5 * 60_000

function checkRunnable(container: Container, nameAsGiven: string): void {
  const { state } = container.record
  if (state.status === 'paused') {
    throw new GantryError(
      'ENGINE_PAUSED',
      'conflict',
      `Container ${nameAsGiven} is paused, unpause the container before exec`,
      { remedy: 'docker unpause it first.' },
    )
  }
  if (state.status === 'restarting')
    throw new GantryError(
      'ENGINE_RESTARTING',
      'conflict',
      `Container ${nameAsGiven} is restarting, wait until the container is running`,
    )
  if (!isAlive(state))
    throw new GantryError('ENGINE_NOT_RUNNING', 'conflict', `Container ${container.id} is not running`, {
      remedy: 'Start it first.',
    })
}

const commandLine = (config: ExecConfig): string => config.cmd.join(' ')

/** Kills a process with what it started: each exec is a session of its own, and its children must not pile up. */
async function killSession({ files, processes }: World, pid: number): Promise<void> {
  const stat = await files.readText(`/proc/${pid}/stat`, { maxBytes: 4096 }).catch(() => '')
  // Behind the name in parentheses: state, parent, process group, session.
  const [, , group = '', session = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (group === session && Number(group) > 1) processes.kill(-Number(group), 'SIGKILL')
  processes.kill(pid, 'SIGKILL')
}

export function createExecs(parts: EngineParts): Execs {
  const execs = new Map<string, Exec>()
  const { files, clock, random } = parts.world

  const folderOf = (exec: Exec): string => join(bundleOf(parts, exec.containerId), `x${exec.id.slice(0, 12)}`)
  const containerOf = (exec: Exec): Container => parts.book.resolve(exec.containerId)
  const tell = (exec: Exec, action: string, extra: Readonly<Record<string, string>> = {}): void => {
    const container = parts.book.find(exec.containerId)
    if (container === undefined) return
    parts.emit({
      type: 'container',
      action,
      id: container.id,
      attributes: attributesOf(container.record, { execID: exec.id, ...extra }),
    })
  }

  const create: Execs['create'] = (container, nameAsGiven, config) => {
    if (config.cmd.length === 0) throw new GantryError('ENGINE_EXEC_COMMAND', 'invalid', 'No exec command specified')
    checkRunnable(container, nameAsGiven)
    const exec: Exec = {
      id: Buffer.from(random.bytes(32)).toString('hex'),
      containerId: container.id,
      config,
      detachKeys: parseDetachKeys(config.detachKeys),
      broker: new AttachBroker(clock),
      status: 'created',
      pid: 0,
      exitCode: null,
      wantedSize: undefined,
      ended: undefined,
    }
    execs.set(exec.id, exec)
    container.execIds.add(exec.id)
    tell(exec, `exec_create: ${commandLine(config)}`)
    return exec
  }

  const finish = async (exec: Exec, exitCode: number): Promise<void> => {
    exec.status = 'ended'
    exec.exitCode = exitCode
    exec.broker.finish()
    parts.book.find(exec.containerId)?.execIds.delete(exec.id)
    tell(exec, 'exec_die', { exitCode: String(exitCode) })
    await files.remove(folderOf(exec), { recursive: true, force: true })
    clock.setTimer(keepMs, () => execs.delete(exec.id))
  }

  const planProcess = async (exec: Exec, size: readonly [number, number] | undefined): Promise<OciSpec['process']> => {
    const container = containerOf(exec)
    const spec = JSON.parse(await files.readText(join(bundleOf(parts, container.id), 'config.json'))) as OciSpec
    const accounts = await readAccounts(parts.world, spec.root.path)
    const { config } = exec
    const user = planUser(
      config.user === '' ? container.record.config.User : config.user,
      container.record.hostConfig.GroupAdd ?? [],
      accounts,
    )
    const all = planCapabilities(
      { add: [], drop: [], privileged: true },
      parts.world.kernel.limits.capabilities,
    ).granted
    return planExecProcess(spec.process, config, { user, allCapabilities: all, size })
  }

  const start: Execs['start'] = async (exec, size) => {
    const container = containerOf(exec)
    if (exec.status !== 'created')
      throw new GantryError('ENGINE_EXEC_STARTED', 'conflict', `exec command ${exec.id} has already run`)
    checkRunnable(container, container.record.name)
    exec.status = 'running'
    tell(exec, `exec_start: ${commandLine(exec.config)}`)
    try {
      await files.makeDirectory(folderOf(exec), { recursive: true, mode: 0o700 })
      const running = await runExec(parts.world, parts.runtime, {
        containerId: exec.containerId,
        execId: exec.id,
        folder: folderOf(exec),
        process: await planProcess(exec, size),
        stdin: exec.config.attachStdin,
        broker: exec.broker,
      })
      exec.pid = running.pid
      if (exec.wantedSize !== undefined) await resizeTerminal(files, folderOf(exec), exec.wantedSize)
      exec.ended = running.exitCode.then((exitCode) => finish(exec, exitCode))
    } catch (failure) {
      const explained = explainStart(exec.config.cmd[0] ?? '', failure, 'exec')
      await finish(exec, explained.exitCode)
      throw explained.error
    }
  }

  return {
    create,
    start,
    resolve: (id) => {
      const exec =
        execs.get(id) ?? (id.length >= 12 ? [...execs.values()].find((one) => one.id.startsWith(id)) : undefined)
      if (exec === undefined) throw new GantryError('ENGINE_NO_SUCH_EXEC', 'not-found', `No such exec instance: ${id}`)
      return exec
    },
    resize: async (exec, size) => {
      exec.wantedSize = size
      if (exec.pid !== 0 && exec.status === 'running') await resizeTerminal(files, folderOf(exec), size)
    },
    runToEnd: async (container, config, options) => {
      const exec = create(container, container.record.name, config)
      const kept: Buffer[] = []
      let room = options.outputBytesMax
      exec.broker.addSink({
        write: (_stream, chunk) => {
          if (room > 0) kept.push(Buffer.from(chunk.subarray(0, room)))
          room -= chunk.length
          return undefined
        },
        end: () => undefined,
      })
      const kill = (): void => {
        if (exec.pid !== 0) void killSession(parts.world, exec.pid)
      }
      options.signal.addEventListener('abort', kill, { once: true })
      try {
        await start(exec, undefined)
        if (options.signal.aborted) kill()
        await exec.ended
      } finally {
        options.signal.removeEventListener('abort', kill)
      }
      return { exitCode: exec.exitCode ?? -1, output: Buffer.concat(kept).toString('utf8') }
    },
    view: (exec) => ({
      ID: exec.id,
      Running: exec.status === 'running',
      ExitCode: exec.exitCode,
      ProcessConfig: {
        tty: exec.config.tty,
        entrypoint: exec.config.cmd[0] ?? '',
        arguments: exec.config.cmd.slice(1),
        privileged: exec.config.privileged,
        ...(exec.config.user === '' ? {} : { user: exec.config.user }),
      },
      OpenStdin: exec.config.attachStdin,
      OpenStderr: exec.config.attachStderr,
      OpenStdout: exec.config.attachStdout,
      CanRemove: exec.status === 'ended',
      ContainerID: exec.containerId,
      DetachKeys: Buffer.from(exec.detachKeys).toString('latin1'),
      Pid: exec.pid,
    }),
    forget: (containerId) => {
      for (const exec of execs.values()) if (exec.containerId === containerId) exec.broker.finish()
    },
  }
}
