/** `gantry status`: whether an engine runs for a root, and what it holds. */
import type { CommandHost } from './command-host.ts'
import { lastValue, readFlags } from './command-flags.ts'
import { absoluteRoot, mainRoot, placesOf } from '#roles/engine/engine-places.ts'
import { answers, clientAt, findEngine, socketOf } from '#roles/engine/running-engine.ts'

const help = `Usage:  gantry status [OPTIONS]

Show whether the engine runs and what it holds. Exits with 1 when it does not run.

Options:
      --root DIR   The engine of DIR (default ${mainRoot})
      --help       Print this
`

interface EngineInfo {
  readonly Containers: number
  readonly ContainersRunning: number
  readonly ContainersPaused: number
  readonly Images: number
  readonly ServerVersion: string
  readonly DefaultRuntime: string
  readonly Warnings: readonly string[] | null
}

/** Runs the command. @returns 0 when the engine answers. */
export async function runStatusCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const flags = readFlags({ command: 'status', valued: ['root'], switches: [] }, argv)
  if (flags.switches.has('help')) {
    terminal.stdout.write(help)
    return 0
  }
  const root = absoluteRoot(lastValue(flags, 'root') ?? mainRoot, world.processes.self.cwd)
  const identity = await findEngine(world, root)
  const socket = socketOf(root, identity)
  const row = (name: string, value: string): void => void terminal.stdout.write(`${name.padEnd(11)} ${value}\n`)
  if (!(await answers(world, socket))) {
    row('engine', identity === undefined ? 'not running' : `process ${identity.pid} does not answer`)
    row('root', root)
    const where = root === mainRoot ? '' : ` --root ${root}`
    terminal.stdout.write(`Start it with: gantry up${where}\n`)
    return 1
  }
  const info = await clientAt(world, socket).json<EngineInfo>('GET', '/info')
  const space = await world.files.space(root).catch(() => undefined)
  row('engine', `running${identity === undefined ? '' : `, process ${identity.pid}`}, version ${info.ServerVersion}`)
  row('socket', `unix://${socket}`)
  row('root', space === undefined ? root : `${root} (${(space.freeBytes / 2 ** 30).toFixed(1)} GiB free)`)
  row(
    'containers',
    `${info.Containers} (${info.ContainersRunning} running${info.ContainersPaused > 0 ? `, ${info.ContainersPaused} paused` : ''})`,
  )
  row('images', String(info.Images))
  row('context', placesOf(root).contextName)
  for (const warning of info.Warnings ?? []) row('warning', warning)
  return 0
}
