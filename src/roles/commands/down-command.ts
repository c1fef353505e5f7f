/** `gantry down`: stops an engine with its containers and takes away whatever the kernel still holds for its root. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { CommandHost } from './command-host.ts'
import { lastValue, readFlags } from './command-flags.ts'
import { absoluteRoot, mainRoot, placesOf } from '#roles/engine/engine-places.ts'
import type { EngineIdentity } from '#roles/engine/engine-places.ts'
import { answers, clientAt, findEngine, isRunning, socketOf } from '#roles/engine/running-engine.ts'
import { sweepMachine } from '#roles/engine/sweep-machine.ts'
import { usageError } from '#roles/usage-error.ts'

const help = `Usage:  gantry down [OPTIONS]

Stop the engine and its containers, and remove their mounts, namespaces, control groups, packet filter table and bridges.
Containers, images and volumes stay for the next start, unless --purge.

Options:
      --root DIR      The engine of DIR (default ${mainRoot})
      --purge         Delete containers, images, volumes and everything else under DIR too
      --time SECONDS  Time that containers have to end (default 10)
      --help          Print this
`

const engineEndsWithinMs = 20_000

async function stopContainers(host: CommandHost, socket: string, graceSeconds: number): Promise<number> {
  const client = clientAt(host.world, socket)
  const running = await client.json<{ readonly Id: string }[]>('GET', '/containers/json')
  const stopped = await Promise.allSettled(
    running.map(({ Id }) => client.text('POST', `/containers/${Id}/stop`, { query: { t: String(graceSeconds) } })),
  )
  return stopped.filter(({ status }) => status === 'fulfilled').length
}

async function endEngine({ world }: CommandHost, identity: EngineIdentity): Promise<void> {
  const { processes, clock } = world
  processes.kill(identity.pid, 'SIGTERM')
  const deadline = clock.monotonicMs() + engineEndsWithinMs
  while (await isRunning(world, identity)) {
    if (clock.monotonicMs() > deadline) processes.kill(identity.pid, 'SIGKILL')
    await clock.sleep(20)
  }
}

async function looksLikeRoot({ world }: CommandHost, root: string): Promise<boolean> {
  const marks = await Promise.all(['engine-id', 'engine.db'].map((name) => world.files.exists(`${root}/${name}`)))
  return marks.every(Boolean)
}

function readGrace(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw usageError('down', `--time: not a number of seconds: ${text}`)
}

async function stopEngine(host: CommandHost, root: string, graceSeconds: number): Promise<void> {
  const { world, terminal } = host
  const identity = await findEngine(world, root)
  if (identity === undefined) return
  const socket = socketOf(root, identity)
  if (await answers(world, socket)) {
    const count = await stopContainers(host, socket, graceSeconds)
    if (count > 0) terminal.stdout.write(`Stopped ${count} container${count === 1 ? '' : 's'}\n`)
  }
  await endEngine(host, identity)
  terminal.stdout.write(`Stopped the engine (process ${identity.pid})\n`)
}

/** Runs the command. @returns the exit code. */
export async function runDownCommand(argv: readonly string[], host: CommandHost): Promise<number> {
  const { world, terminal } = host
  const flags = readFlags({ command: 'down', valued: ['root', 'time'], switches: ['purge'] }, argv)
  if (flags.switches.has('help')) {
    terminal.stdout.write(help)
    return 0
  }
  const root = absoluteRoot(lastValue(flags, 'root') ?? mainRoot, world.processes.self.cwd)
  const graceSeconds = readGrace(lastValue(flags, 'time') ?? '10')
  if (!(await world.files.exists(root))) {
    terminal.stdout.write(`There is no engine in ${root}\n`)
    return 0
  }
  const isRoot = await looksLikeRoot(host, root)
  if (!isRoot && flags.switches.has('purge') && (await world.files.list(root)).length > 0)
    throw new GantryError('ROLES_NOT_A_ROOT', 'invalid', `${root} is not a folder that an engine made`, {
      remedy: 'Name the --root that the engine was started with; nothing was removed.',
    })
  await stopEngine(host, root, graceSeconds)
  const swept = await sweepMachine(world, root)
  if (swept.length > 0) terminal.stdout.write(`Removed ${swept.join(', ')}\n`)
  if (flags.switches.has('purge')) {
    await world.files.remove(root, { recursive: true, force: true })
    await host.docker(['context', 'rm', '-f', placesOf(root).contextName], { quiet: true })
    terminal.stdout.write(`Deleted ${root}\n`)
  }
  return 0
}
