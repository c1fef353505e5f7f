/** `gantry up`: an engine in the background, ready when the command ends, with a docker context that leads to it. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { CommandHost } from './command-host.ts'
import { lastValue, readFlags } from './command-flags.ts'
import { absoluteRoot, mainRoot, placesOf } from '#roles/engine/engine-places.ts'
import { examineMachine } from '#roles/engine/examine-machine.ts'
import { answers, findEngine, socketOf } from '#roles/engine/running-engine.ts'

const help = `Usage:  gantry up [OPTIONS]

Start an engine in the background and wait until it is ready

Options:
      --root DIR       Keep everything under DIR (default ${mainRoot})
      --runtime NAME   OCI runtime by name or path (default crun, else runc)
      --config-file F  Settings of the engine, see 'gantry engine --help'
      --help           Print this
`

/**
 * Young objects get little room: an engine makes few at a time, and what it once had it keeps (V8 never gives a grown
 * nursery back by itself). The launcher does the same for an engine in the foreground.
 */
const engineFlags: readonly string[] = ['--max-semi-space-size=1']
/** Few pools of the C library instead of one or more a thread, each with pieces that only its threads can use. */
const engineEnvironment: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' }
const readyWithinMs = 60_000
const logBytesMax = 16 * 1024 * 1024

export interface EngineChoices {
  readonly runtime?: string
  readonly configFile?: string
}

export interface UpResult {
  readonly socket: string
  /** False when it ran already. */
  readonly started: boolean
}

/** Starts the engine of a root unless it runs. @throws GantryError when the machine cannot, or when it does not get ready. */
export async function bringUp(host: CommandHost, root: string, options: EngineChoices = {}): Promise<UpResult> {
  const { world } = host
  const running = await findEngine(world, root)
  if (running !== undefined) {
    await waitUntilReady(host, root, { logFrom: Infinity })
    return { socket: socketOf(root, running), started: false }
  }
  const lacks = (await examineMachine(world)).filter((finding) => finding.needed && !finding.ok)
  if (lacks.length > 0) {
    throw new GantryError(
      'ROLES_MACHINE_LACKS',
      'unavailable',
      `this machine cannot run containers as it is:\n${lacks.map(({ name, detail, remedy }) => `  ${name}: ${detail}\n    ${remedy}`).join('\n')}`,
      { remedy: "'gantry doctor' shows everything that was looked at." },
    )
  }
  await waitUntilReady(host, root, { logFrom: await spawnEngine(host, root, options) })
  return { socket: socketOf(root, await findEngine(world, root)), started: true }
}

/** Starts an engine; answers where in the log file its part begins. */
async function spawnEngine(
  { world, program }: CommandHost,
  root: string,
  { runtime, configFile }: EngineChoices,
): Promise<number> {
  const { files, processes } = world
  const { logFile } = placesOf(root)
  await files.makeDirectory(root, { recursive: true, mode: 0o711 })
  const size = await files.stat(logFile).catch(() => undefined)
  if ((size?.sizeBytes ?? 0) > logBytesMax) await files.rename(logFile, `${logFile}.1`)
  await using log = await files.open(logFile, 'a', 0o640)
  const [interpreter = '', ...words] = program
  const args = [
    ...[...engineFlags, ...words, 'engine', '--root', root],
    ...(runtime === undefined ? [] : ['--runtime', runtime]),
    ...(configFile === undefined ? [] : ['--config-file', configFile]),
  ]
  const own = Object.entries(processes.self.env).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const env = { ...engineEnvironment, ...Object.fromEntries(own) }
  const { sizeBytes } = await log.stat()
  processes.spawn(interpreter, args, { detached: true, cwd: '/', env, descriptors: ['null', log.fd, log.fd] })
  return sizeBytes
}

/** Waits until the engine answers. @throws GantryError when it does not, or when its part of the log says that it ended. */
async function waitUntilReady(
  { world }: CommandHost,
  root: string,
  { logFrom }: { readonly logFrom: number },
): Promise<void> {
  const { logFile } = placesOf(root)
  const deadline = world.clock.monotonicMs() + readyWithinMs
  while (world.clock.monotonicMs() < deadline) {
    const identity = await findEngine(world, root)
    if (identity !== undefined && (await answers(world, socketOf(root, identity)))) return
    const failure = /^gantry: .*/m.exec(await textFrom(world.files, logFile, logFrom))?.[0]
    // Somebody else starts it at the same time: then theirs is the one to wait for.
    if (identity === undefined && failure !== undefined && !failure.includes('another engine uses')) {
      throw new GantryError('ROLES_ENGINE_FAILED', 'unavailable', failure.replace(/^gantry: /, 'the engine ended: '), {
        remedy: `Its log is ${logFile}.`,
      })
    }
    await world.clock.sleep(20)
  }
  throw new GantryError('ROLES_ENGINE_SLOW', 'deadline', `the engine was not ready in ${readyWithinMs / 1000} s`, {
    remedy: `Its log is ${logFile}.`,
  })
}

async function textFrom(files: CommandHost['world']['files'], path: string, start: number): Promise<string> {
  const bytes = await files.read(path, { maxBytes: logBytesMax * 2 }).catch(() => new Uint8Array())
  return Buffer.from(bytes).toString('utf8', Math.min(start, bytes.length))
}

/** Runs the command. @returns the exit code. */
export async function runUpCommand(argv: readonly string[], host: CommandHost): Promise<number> {
  const { terminal, world } = host
  const flags = readFlags({ command: 'up', valued: ['root', 'runtime', 'config-file'], switches: [] }, argv)
  if (flags.switches.has('help')) {
    terminal.stdout.write(help)
    return 0
  }
  const root = absoluteRoot(lastValue(flags, 'root') ?? mainRoot, world.processes.self.cwd)
  const runtime = lastValue(flags, 'runtime')
  const configFile = lastValue(flags, 'config-file')
  const { socket, started } = await bringUp(host, root, {
    ...(runtime === undefined ? {} : { runtime }),
    ...(configFile === undefined ? {} : { configFile: absoluteRoot(configFile, world.processes.self.cwd) }),
  })
  const context = await writeContext(host, root, socket)
  const where = root === mainRoot ? '' : ` --root ${root}`
  terminal.stdout.write(
    `${started ? 'Engine started' : 'Engine already running'}: unix://${socket}
docker context: ${context}   (docker --context ${context} ps, or: export DOCKER_HOST=unix://${socket})
Stop it with: gantry down${where}
`,
  )
  return 0
}

/** Writes or corrects the docker context of a root; returns its name, or why there is none. */
export async function writeContext(host: CommandHost, root: string, socket: string): Promise<string> {
  const { contextName } = placesOf(root)
  const endpoint = ['--docker', `host=unix://${socket}`]
  const made = await host.docker(['context', 'create', contextName, ...endpoint], { quiet: true })
  if (made.exitCode === 0) return contextName
  const updated = await host.docker(['context', 'update', contextName, ...endpoint], { quiet: true })
  return updated.exitCode === 0 ? contextName : 'default'
}
