/**
 * Another process in a running container, under a monitor of its own. The monitor waits twice for us: before it makes
 * its sockets known, so that nothing of the output is missed, and before it lets the process run.
 */
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { AttachBroker } from './attach-broker.ts'
import { collectText, SyncPipe } from './monitor.ts'
import type { MonitorDeps } from './monitor.ts'
import type { SpecProcess } from './oci-spec.ts'
import type { OciRuntime } from './oci-runtime.ts'

export interface ExecRequest {
  readonly containerId: string
  readonly execId: string
  /** Folder of this exec alone, made and removed by the caller; short, a socket lies in it. */
  readonly folder: string
  readonly terminal: boolean
  /** What to run; the monitor gets ready while this is still being worked out. */
  readonly process: Promise<SpecProcess>
  readonly stdin: boolean
  readonly broker: AttachBroker
}

export interface RunningExec {
  readonly pid: number
  readonly exitCode: Promise<number>
}

/** A monitor that has been started and what it can be heard and told by. */
interface ExecMonitor {
  readonly complaint: () => string
  readonly sync: SyncPipe
  readonly go: Writable
  readonly ready: Promise<string>
}

const attachReadyMs = 30_000

const runtimeLog = (folder: string): string => join(folder, 'runtime.log')

function execArguments(request: ExecRequest, runtime: OciRuntime): string[] {
  const { folder } = request
  return [
    ...['--api-version', '1', '-c', request.containerId, '-u', request.execId, '-n', request.execId.slice(0, 12)],
    ...['-r', runtime.path, ...runtime.globalArguments.flatMap((argument) => ['--runtime-arg', argument])],
    ...['-b', folder, '-p', join(folder, 'pid'), '--exit-dir', folder, '--full-attach', '-l', 'none', '--no-sync-log'],
    ...['--exec', '--exec-attach', '--exec-process-spec', join(folder, 'process.json')],
    // With a terminal the monitor hands on nothing of what the runtime complains of.
    ...(request.terminal ? ['-t', '--runtime-arg', `--log=${runtimeLog(folder)}`] : []),
    ...(request.stdin ? ['-i'] : []),
  ]
}

async function firstLine(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += (chunk as Buffer).toString('utf8')
    if (text.includes('\n')) break
  }
  return text
}

/** Starts the monitor, which then waits for us. */
function spawnMonitor(deps: MonitorDeps, runtime: OciRuntime, request: ExecRequest): ExecMonitor {
  const command = [...runtime.launch, 'conmon']
  const child = deps.processes.spawn(
    command[0] ?? 'conmon',
    [...command.slice(1), ...execArguments(request, runtime)],
    {
      cwd: request.folder,
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        TZ: 'UTC',
        _OCI_SYNCPIPE: '3',
        _OCI_STARTPIPE: '4',
        _OCI_ATTACHPIPE: '5',
      },
      descriptors: ['null', 'null', 'pipe', 'pipe', 'pipe-in', 'pipe'],
      detached: true,
    },
  )
  return {
    complaint: collectText(child.pipes.get(2)),
    sync: new SyncPipe(child.pipes.get(3) as Readable),
    go: child.pipes.get(4) as Writable,
    ready: firstLine(child.pipes.get(5) as Readable),
  }
}

/** False when the monitor ends, or stays silent for too long, before it makes its socket known. */
async function becomesReady({ clock }: MonitorDeps, { ready, sync }: ExecMonitor): Promise<boolean> {
  const stop = new AbortController()
  const late = clock.sleep(attachReadyMs, stop.signal).then(
    () => '',
    () => '',
  )
  const line = await Promise.race([ready, late, sync.ended.then(() => '')])
  stop.abort()
  return line !== ''
}

/**
 * Runs a process in a container; resolves when it runs.
 * @throws GantryError (code ENGINE_RUNTIME_EXEC) with the runtime's words when it cannot; what `request.process` throws.
 */
export async function runExec(
  deps: MonitorDeps & { readonly kernel: Kernel },
  runtime: OciRuntime,
  request: ExecRequest,
): Promise<RunningExec> {
  const { folder, broker } = request
  const monitor = spawnMonitor(deps, runtime, request)
  const { sync, go, complaint } = monitor
  const fail = (text: string): GantryError => new GantryError('ENGINE_RUNTIME_EXEC', 'internal', text)
  go.write('\0')
  const written = request.process.then(async (process) =>
    deps.files.write(join(folder, 'process.json'), JSON.stringify(process), { mode: 0o600 }),
  )
  try {
    const [ready] = await Promise.all([becomesReady(deps, monitor), written])
    if (!ready) throw fail(complaint() || 'the monitor ended before the process was made')
    broker.connect(deps.kernel, join(folder, 'attach'))
  } catch (failure) {
    // A monitor that waits goes on, finds nothing to run, and ends.
    await deps.files.remove(join(folder, 'process.json'), { force: true })
    go.end()
    throw failure
  }
  go.end('\0')
  const started = await sync.next()
  if (started === undefined || started.data <= 0) {
    await sync.ended
    const logged = request.terminal ? await deps.files.readText(runtimeLog(folder)).catch(() => '') : ''
    throw fail(started?.message ?? (complaint() || logged.trim() || 'the process could not be started'))
  }
  return { pid: started.data, exitCode: waitExit(sync, broker) }
}

async function waitExit(sync: SyncPipe, broker: AttachBroker): Promise<number> {
  const last = await sync.next()
  await sync.ended
  await broker.drained()
  return last?.data ?? 137
}
