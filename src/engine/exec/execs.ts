/** Processes that users run in running containers: created, started, looked at, forgotten a while after they ended. */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { randomHex } from '#world/ports/random.ts'
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

export interface RunToEndOptions {
  readonly outputBytesMax: number
  /** Aborting kills the command and everything it started. */
  readonly signal: AbortSignal
}

export interface RunToEndResult {
  readonly exitCode: number
  readonly output: string
}

export interface Execs {
  create(container: Container, nameAsGiven: string, config: ExecConfig): Exec
  /** @throws GantryError not-found "No such exec instance: ID". */
  resolve(id: string): Exec
  /** Starts it; the broker hands on its output. @throws GantryError in Docker's words when it cannot run. */
  start(exec: Exec, size: readonly [number, number] | undefined): Promise<void>
  resize(exec: Exec, size: { readonly height: number; readonly width: number }): Promise<void>
  /** Runs a command to its end with its output kept (health checks). */
  runToEnd(container: Container, config: ExecConfig, options: RunToEndOptions): Promise<RunToEndResult>
  view(exec: Exec): object
  /** Forgets the execs of a container that ended. */
  forget(containerId: string): void
}

/** What every exec of a container builds on. */
interface ExecBase {
  readonly process: OciSpec['process']
  readonly rootPath: string
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
      { remedy: 'Wait until it runs, or stop it.' },
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

class EngineExecs implements Execs {
  readonly #parts: EngineParts
  readonly #execs = new Map<string, Exec>()
  readonly #bases = new Map<string, ExecBase>()

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  create(container: Container, nameAsGiven: string, config: ExecConfig): Exec {
    if (config.cmd.length === 0) {
      throw new GantryError('ENGINE_EXEC_COMMAND', 'invalid', 'No exec command specified', {
        remedy: 'Give a command.',
      })
    }
    checkRunnable(container, nameAsGiven)
    const { random, clock } = this.#parts.world
    const exec: Exec = {
      id: randomHex(random, 32),
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
    this.#execs.set(exec.id, exec)
    container.execIds.add(exec.id)
    // Clients start what they create at once.
    this.#parts.warmer.warm()
    this.#tell(exec, `exec_create: ${commandLine(config)}`)
    return exec
  }

  resolve(id: string): Exec {
    const byPrefix = (): Exec | undefined => [...this.#execs.values()].find((one) => one.id.startsWith(id))
    const exec = this.#execs.get(id) ?? (id.length >= 12 ? byPrefix() : undefined)
    if (exec !== undefined) return exec
    throw new GantryError('ENGINE_NO_SUCH_EXEC', 'not-found', `No such exec instance: ${id}`, {
      remedy: 'Execs are forgotten some minutes after they ended.',
    })
  }

  async start(exec: Exec, size: readonly [number, number] | undefined): Promise<void> {
    const container = this.#parts.book.resolve(exec.containerId)
    if (exec.status !== 'created') {
      throw new GantryError('ENGINE_EXEC_STARTED', 'conflict', `exec command ${exec.id} has already run`, {
        remedy: 'Create another one.',
      })
    }
    checkRunnable(container, container.record.name)
    exec.status = 'running'
    this.#parts.warmer.warm()
    this.#tell(exec, `exec_start: ${commandLine(exec.config)}`)
    try {
      await this.#run(exec, size)
    } catch (failure) {
      const explained = explainStart(exec.config.cmd[0] ?? '', failure, 'exec')
      await this.#finish(exec, explained.exitCode)
      throw explained.error
    }
  }

  async resize(exec: Exec, size: { readonly height: number; readonly width: number }): Promise<void> {
    exec.wantedSize = size
    const running = exec.pid !== 0 && exec.status === 'running'
    if (running) await resizeTerminal(this.#parts.world.files, this.#folderOf(exec), size)
  }

  async runToEnd(container: Container, config: ExecConfig, options: RunToEndOptions): Promise<RunToEndResult> {
    const exec = this.create(container, container.record.name, config)
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
      if (exec.pid !== 0) void killSession(this.#parts.world, exec.pid)
    }
    options.signal.addEventListener('abort', kill, { once: true })
    try {
      await this.start(exec, undefined)
      if (options.signal.aborted) kill()
      await exec.ended
    } finally {
      options.signal.removeEventListener('abort', kill)
    }
    return { exitCode: exec.exitCode ?? -1, output: Buffer.concat(kept).toString('utf8') }
  }

  view(exec: Exec): object {
    const { config } = exec
    return {
      ID: exec.id,
      Running: exec.status === 'running',
      ExitCode: exec.exitCode,
      ProcessConfig: {
        tty: config.tty,
        entrypoint: config.cmd[0] ?? '',
        arguments: config.cmd.slice(1),
        privileged: config.privileged,
        ...(config.user === '' ? {} : { user: config.user }),
      },
      OpenStdin: config.attachStdin,
      OpenStderr: config.attachStderr,
      OpenStdout: config.attachStdout,
      CanRemove: exec.status === 'ended',
      ContainerID: exec.containerId,
      DetachKeys: Buffer.from(exec.detachKeys).toString('latin1'),
      Pid: exec.pid,
    }
  }

  forget(containerId: string): void {
    this.#bases.delete(containerId)
    for (const exec of this.#execs.values()) if (exec.containerId === containerId) exec.broker.finish()
  }

  #folderOf(exec: Exec): string {
    return join(bundleOf(this.#parts, exec.containerId), `x${exec.id.slice(0, 12)}`)
  }

  #tell(exec: Exec, action: string, extra: Readonly<Record<string, string>> = {}): void {
    const container = this.#parts.book.find(exec.containerId)
    if (container === undefined) return
    const attributes = attributesOf(container.record, { execID: exec.id, ...extra })
    this.#parts.emit({ type: 'container', action, id: container.id, attributes })
  }

  async #run(exec: Exec, size: readonly [number, number] | undefined): Promise<void> {
    const { world, runtimes, book } = this.#parts
    const { runtime } = await runtimes.named(book.resolve(exec.containerId).record.hostConfig.Runtime)
    const folder = this.#folderOf(exec)
    await world.files.makeDirectory(folder, { recursive: true, mode: 0o700 })
    const running = await runExec(world, runtime, {
      containerId: exec.containerId,
      execId: exec.id,
      folder,
      terminal: exec.config.tty,
      process: this.#planProcess(exec, size),
      stdin: exec.config.attachStdin,
      broker: exec.broker,
    })
    exec.pid = running.pid
    if (exec.wantedSize !== undefined) await resizeTerminal(world.files, folder, exec.wantedSize)
    exec.ended = running.exitCode.then((exitCode) => this.#finish(exec, exitCode))
  }

  async #planProcess(exec: Exec, size: readonly [number, number] | undefined): Promise<OciSpec['process']> {
    const { world, book } = this.#parts
    const { record } = book.resolve(exec.containerId)
    const base = await this.#baseOf(record.id)
    const accounts = await readAccounts(world, base.rootPath)
    const wanted = exec.config.user === '' ? record.config.User : exec.config.user
    const user = planUser(wanted, record.hostConfig.GroupAdd ?? [], accounts)
    const everything = { add: [], drop: [], privileged: true }
    const allCapabilities = planCapabilities(everything, world.kernel.limits.capabilities).granted
    return planExecProcess(base.process, exec.config, { user, allCapabilities, size })
  }

  /** The container's own process and root, as its run was started; kept until the run ends. */
  async #baseOf(containerId: string): Promise<ExecBase> {
    const known = this.#bases.get(containerId)
    if (known !== undefined) return known
    const text = await this.#parts.world.files.readText(join(bundleOf(this.#parts, containerId), 'config.json'))
    const { process, root } = JSON.parse(text) as OciSpec
    const base = { process, rootPath: root.path }
    const container = this.#parts.book.find(containerId)
    if (container !== undefined && isAlive(container.record.state)) this.#bases.set(containerId, base)
    return base
  }

  async #finish(exec: Exec, exitCode: number): Promise<void> {
    exec.status = 'ended'
    exec.exitCode = exitCode
    exec.broker.finish()
    this.#parts.book.find(exec.containerId)?.execIds.delete(exec.id)
    this.#tell(exec, 'exec_die', { exitCode: String(exitCode) })
    // Nobody who waits for the exit code waits for this.
    void this.#parts.world.files
      .remove(this.#folderOf(exec), { recursive: true, force: true })
      .catch((error: unknown) => this.#parts.log.warn('the files of an exec stay', { exec: exec.id, error }))
    this.#parts.world.clock.setTimer(keepMs, () => this.#execs.delete(exec.id))
  }
}

export function createExecs(parts: EngineParts): Execs {
  return new EngineExecs(parts)
}
