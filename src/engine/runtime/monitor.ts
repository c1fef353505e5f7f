/**
 * One conmon beside each container: it holds the terminal and the log, outlives the engine, and leaves the exit code in
 * a file, which is the truth about how a container ended.
 *
 *     BUNDLE/config.json   OCI configuration          EXITS/ID   exit code, written by rename when the process ended
 *     BUNDLE/pid           process id of init         BUNDLE/ctl fifo: `1 H W` resizes, `2 0 0` reopens the log
 *     BUNDLE/conmon.pid    the monitor's own          BUNDLE/attach  packet socket, first byte 2 stdout, 3 stderr
 *     BUNDLE/oom           empty; there when the kernel killed something for memory
 */
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { OciRuntime } from './oci-runtime.ts'

export interface MonitorDeps {
  readonly files: Files
  readonly processes: Processes
  readonly clock: Clock
}

export interface MonitorRequest {
  readonly id: string
  readonly name: string
  readonly bundle: string
  readonly exitDirectory: string
  readonly logPath: string
  readonly terminal: boolean
  /** Standard input is connected. */
  readonly stdin: boolean
  /** Standard input ends with the first client that ends it. */
  readonly stdinOnce: boolean
}

export interface MonitoredProcess {
  /** The container's init, or the exec'd process. */
  readonly pid: number
  /** Resolves when the monitor is gone; the exit file is there by then unless it was killed. */
  readonly ended: Promise<void>
}

export interface ExitRecord {
  readonly exitCode: number
  readonly finishedAtMs: number
  readonly oomKilled: boolean
}

interface SyncMessage {
  readonly data: number
  readonly message?: string
}

/** The lines of JSON that a monitor writes to its sync pipe, and its end. */
export class SyncPipe {
  readonly ended: Promise<void>
  readonly #queue: SyncMessage[] = []
  readonly #waiters: ((message: SyncMessage | undefined) => void)[] = []
  #text = ''
  #closed = false

  constructor(stream: Readable) {
    this.ended = new Promise((resolve) => {
      const close = (): void => {
        this.#closed = true
        for (const waiter of this.#waiters.splice(0)) waiter(undefined)
        resolve()
      }
      stream.on('data', (chunk: Buffer) => this.#take(chunk))
      stream.on('end', close)
      stream.on('error', close)
      stream.on('close', close)
    })
  }

  /** The next message; undefined when the monitor ended without one. */
  next(): Promise<SyncMessage | undefined> {
    const queued = this.#queue.shift()
    if (queued !== undefined || this.#closed) return Promise.resolve(queued)
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #take(chunk: Buffer): void {
    this.#text += chunk.toString('utf8')
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const line = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + 1)
      const message = parseSync(line)
      const waiter = this.#waiters.shift()
      if (waiter === undefined) this.#queue.push(message)
      else waiter(message)
    }
  }
}

function parseSync(line: string): SyncMessage {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && 'data' in value && typeof value.data === 'number') {
      const message = 'message' in value && typeof value.message === 'string' ? { message: value.message } : {}
      return { data: value.data, ...message }
    }
  } catch {
    // Falls through: whatever it was, it is no success.
  }
  return { data: -1, message: line }
}

/** Bytes of a monitor's own complaints that are kept for an error message. */
const complaintBytesMax = 8192

/** Collects what a program writes to its standard error, bounded. */
export function collectText(stream: Readable | undefined): () => string {
  let text = ''
  stream?.on('data', (chunk: Buffer) => {
    if (text.length < complaintBytesMax) text += chunk.toString('utf8')
  })
  return () => text.trim()
}

function monitorArguments(request: MonitorRequest, runtime: OciRuntime): string[] {
  const { bundle } = request
  return [
    ...['--api-version', '1', '-c', request.id, '-u', request.id, '-n', request.name, '-r', runtime.path],
    ...runtime.globalArguments.flatMap((argument) => ['--runtime-arg', argument]),
    ...['-b', bundle, '-p', join(bundle, 'pid'), '-P', join(bundle, 'conmon.pid')],
    ...['--exit-dir', request.exitDirectory, '--persist-dir', bundle, '--full-attach', '--no-sync-log'],
    ...['-l', `k8s-file:${request.logPath}`],
    ...(request.terminal ? ['-t'] : []),
    ...(request.stdin ? ['-i'] : []),
    ...(request.stdin && !request.stdinOnce ? ['--leave-stdin-open'] : []),
  ]
}

/**
 * Creates a container under a monitor of its own; its process waits for `OciRuntime.start`.
 * @throws GantryError (code ENGINE_RUNTIME_CREATE) with the runtime's words when it refuses.
 */
export async function createMonitored(
  deps: MonitorDeps,
  runtime: OciRuntime,
  request: MonitorRequest,
): Promise<MonitoredProcess> {
  const [file, ...prefix] = runtime.launch
  const conmon = await deps.processes.find('conmon')
  if (conmon === undefined) {
    throw new GantryError('ENGINE_MONITOR_MISSING', 'unavailable', 'conmon is not installed', {
      remedy: 'Install the package conmon.',
    })
  }
  const command = file === undefined ? [conmon] : [file, ...prefix, conmon]
  const child = deps.processes.spawn(
    command[0] ?? conmon,
    [...command.slice(1), ...monitorArguments(request, runtime)],
    {
      cwd: request.bundle,
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        TZ: 'UTC',
        _OCI_SYNCPIPE: '3',
        XDG_RUNTIME_DIR: '',
      },
      descriptors: ['null', 'null', 'pipe', 'pipe'],
      detached: true,
    },
  )
  const complaint = collectText(child.pipes.get(2))
  const pipe = child.pipes.get(3)
  if (pipe === undefined) throw new Error('the sync pipe was not made')
  const sync = new SyncPipe(pipe)
  const first = await sync.next()
  if (first === undefined || first.data <= 0) {
    await sync.ended
    throw new GantryError(
      'ENGINE_RUNTIME_CREATE',
      'internal',
      first?.message ?? complaint() ?? 'the monitor ended before the container was made',
    )
  }
  return { pid: first.data, ended: sync.ended }
}

/** How a container ended, from the monitor's exit file; undefined while it has not written one. */
export async function readExit(
  files: Files,
  request: Pick<MonitorRequest, 'id' | 'bundle' | 'exitDirectory'>,
): Promise<ExitRecord | undefined> {
  const path = join(request.exitDirectory, request.id)
  if (!(await files.exists(path))) return undefined
  const [text, stat, oomKilled] = await Promise.all([
    files.readText(path, { maxBytes: 64 }),
    files.stat(path),
    files.exists(join(request.bundle, 'oom')),
  ])
  return { exitCode: Number(text.trim()), finishedAtMs: stat.mtimeMs, oomKilled }
}

/** Sets the size of a monitored terminal; false when its monitor is gone. */
export function resizeTerminal(
  files: Files,
  bundle: string,
  size: { readonly height: number; readonly width: number },
): Promise<boolean> {
  return files.writeFifo(join(bundle, 'ctl'), `1 ${size.height} ${size.width}\n`)
}

/** Makes the monitor open its log file anew, after the old one was renamed away; false when it is gone. */
export function reopenLog(files: Files, bundle: string): Promise<boolean> {
  return files.writeFifo(join(bundle, 'ctl'), '2 0 0\n')
}
