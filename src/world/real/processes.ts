/** Other programs on this machine, started without fork and reaped without threads. */
import { accessSync, closeSync, constants as fsConstants, promises as fs, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type {
  ChildDescriptor,
  ChildProcess,
  Processes,
  RunOptions,
  RunResult,
  SpawnOptions,
} from '#world/ports/processes.ts'
import { createChildReaper } from './kernel/child-reaper.ts'
import type { ChildReaper } from './kernel/child-reaper.ts'
import { loadLibc } from './kernel/libc.ts'
import type { Libc } from './kernel/libc.ts'
import { makePipe, posixSpawn } from './kernel/posix-spawn.ts'
import { systemError } from './kernel/system-error.ts'

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const outputBytesDefault = 1 << 20
/** After a program's end its grandchildren may still hold its output; we listen this long. */
const lingerMs = 200

/** The real Processes. */
export function createProcesses(): Processes {
  const libc = loadLibc()
  const reaper = createChildReaper(libc)
  const spawn: Processes['spawn'] = (file, args, options = {}) => spawnChild({ libc, reaper }, [file, ...args], options)
  return {
    spawn,
    run: (file, args, options = {}) => runToEnd(spawn, [file, ...args], options),
    kill: (pid, signal) => sendSignal(libc, pid, signal),
    startTicks: readStartTicks,
    find: async (name) => findProgram(name, process.env['PATH'] ?? defaultPath),
    self: {
      pid: process.pid,
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      env: process.env,
      cwd: process.cwd(),
    },
  }
}

/** Path of a program: itself when it has a slash, else the first executable file of that name in the path list. */
function findProgram(name: string, pathList: string): string | undefined {
  if (name.includes('/')) return isProgram(name) ? name : undefined
  for (const directory of pathList.split(delimiter)) {
    const path = join(directory === '' ? '.' : directory, name)
    if (isProgram(path)) return path
  }
  return undefined
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, fsConstants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function defaultEnvironment(): Readonly<Record<string, string>> {
  return { PATH: process.env['PATH'] ?? defaultPath, LC_ALL: 'C' }
}

function spawnChild(
  { libc, reaper }: { libc: Libc; reaper: ChildReaper },
  argv: readonly [string, ...string[]],
  options: SpawnOptions,
): ChildProcess {
  const env = options.env ?? defaultEnvironment()
  const path = argv[0].includes('/') ? argv[0] : findProgram(argv[0], env['PATH'] ?? defaultPath)
  if (path === undefined) throw systemError('posix_spawn', constants.errno.ENOENT, argv[0])
  const wiring = wire(libc, options.descriptors ?? ['null', 'null', 'null'])
  try {
    const pid = posixSpawn(libc, {
      path,
      argv,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      descriptors: wiring.given,
      session: options.detached === true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    const exited = reaper.watch(pid, options.detached !== true)
    const pipes = new Map(wiring.ours.map(({ fd, target, write }) => [target, adoptPipe(fd, write)] as const))
    return { pid, pipes, exited, kill: (signal) => void (reaper.has(pid) && sendSignal(libc, pid, signal)) }
  } catch (error) {
    for (const { fd } of wiring.ours) closeSync(fd)
    throw error
  } finally {
    for (const fd of wiring.theirs) closeSync(fd)
  }
}

interface Wiring {
  readonly given: (number | 'null')[]
  readonly ours: { readonly fd: number; readonly target: number; readonly write: boolean }[]
  readonly theirs: number[]
}

/** Makes the pipes that the child's descriptors ask for. */
function wire(libc: Libc, descriptors: readonly ChildDescriptor[]): Wiring {
  const wiring: Wiring = { given: [], ours: [], theirs: [] }
  try {
    for (const [target, kind] of descriptors.entries()) {
      if (kind !== 'pipe' && kind !== 'pipe-in') {
        wiring.given.push(kind === 'inherit' ? target : kind)
        continue
      }
      const written = kind === 'pipe-in' || target === 0
      const [read, write] = makePipe(libc)
      wiring.theirs.push(written ? read : write)
      wiring.ours.push({ fd: written ? write : read, target, write: written })
      wiring.given.push(written ? read : write)
    }
    return wiring
  } catch (error) {
    for (const fd of [...wiring.theirs, ...wiring.ours.map((end) => end.fd)]) closeSync(fd)
    throw error
  }
}

function adoptPipe(fd: number, write: boolean): Duplex | Readable {
  const stream = new Socket({ fd, readable: !write, writable: write })
  // A program that does not read to the end of its input is no failure of ours; its exit code tells.
  stream.on('error', () => undefined)
  return stream
}

function signalNumber(signal: string | number): number {
  if (typeof signal === 'number') return signal
  const name = signal.toUpperCase()
  const number = (constants.signals as Readonly<Record<string, number>>)[name.startsWith('SIG') ? name : `SIG${name}`]
  if (number === undefined) throw systemError('kill', constants.errno.EINVAL, signal)
  return number
}

function sendSignal(libc: Libc, pid: number, signal: string | number): boolean {
  if (libc.kill(pid, signalNumber(signal)) === 0) return true
  const errno = libc.errno()
  if (errno === constants.errno.ESRCH) return false
  throw systemError('kill', errno, String(pid))
}

async function readStartTicks(pid: number): Promise<number | undefined> {
  try {
    const text = await fs.readFile(`/proc/${pid}/stat`, 'utf8')
    // The program's name may hold spaces and brackets; fields are counted from behind its last bracket.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined
    throw error
  }
}

async function runToEnd(
  spawn: Processes['spawn'],
  argv: readonly [string, ...string[]],
  options: RunOptions,
): Promise<RunResult> {
  options.signal?.throwIfAborted()
  const child = spawnPiped(spawn, argv, options)
  const stop = (): void => child.kill('SIGKILL')
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs)
  options.signal?.addEventListener('abort', stop)
  try {
    const outputs = [1, 2].map((target) =>
      collect(child.pipes.get(target) as Readable, options.outputBytesMax ?? outputBytesDefault),
    )
    if (options.input !== undefined) (child.pipes.get(0) as Duplex).end(options.input)
    const status = await child.exited
    child.pipes.get(0)?.destroy()
    const [stdout, stderr] = await finish(outputs)
    options.signal?.throwIfAborted()
    return { ...status, stdout: stdout ?? '', stderr: stderr ?? '' }
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', stop)
  }
}

function spawnPiped(
  spawn: Processes['spawn'],
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env, input }: RunOptions,
): ChildProcess {
  return spawn(file, args, {
    descriptors: [input === undefined ? 'null' : 'pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  })
}

interface Output {
  readonly done: Promise<void>
  readonly stream: Readable
  text(): string
  receivedBytes(): number
}

function collect(stream: Readable, bytesMax: number): Output {
  const chunks: Buffer[] = []
  let received = 0
  stream.on('data', (chunk: Buffer) => {
    if (received < bytesMax) chunks.push(chunk.subarray(0, bytesMax - received))
    received += chunk.length
  })
  const done = new Promise<void>((resolve) => stream.once('close', resolve))
  return { done, stream, text: () => Buffer.concat(chunks).toString('utf8'), receivedBytes: () => received }
}

/** Waits for the ends of the outputs, not for ever: a daemon that the program left behind may keep them open. */
async function finish(outputs: readonly Output[]): Promise<string[]> {
  const total = (): number => outputs.reduce((sum, output) => sum + output.receivedBytes(), 0)
  let seen = total()
  let late: NodeJS.Timeout
  // The check follows a turn of the loop's polling, so that what lies ready in the pipes is read before it is given up.
  const giveUpWhenQuiet = (): void => {
    late = setTimeout(() => setImmediate(() => setImmediate(closeWhenQuiet)), lingerMs)
  }
  const closeWhenQuiet = (): void => {
    if (total() === seen) for (const { stream } of outputs) stream.destroy()
    seen = total()
    giveUpWhenQuiet()
  }
  giveUpWhenQuiet()
  await Promise.all(outputs.map(({ done }) => done))
  clearTimeout(late!)
  return outputs.map((output) => output.text())
}
