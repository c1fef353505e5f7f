/** `docker top`: the machine's own ps, kept to the processes of one container. */
import { join } from 'node:path'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { attributesOf } from '#engine/containers/event-attributes.ts'
import { cgroupOf } from '#engine/containers/pause-container.ts'
import { cgroupFolder } from '#engine/runtime/cgroups.ts'

export interface ProcessTable {
  readonly Titles: readonly string[]
  readonly Processes: readonly (readonly string[])[]
}

const defaultArguments = '-ef'
const psOutputBytesMax = 32 << 20
const procsBytesMax = 4 << 20
const groupDepthMax = 16

function failed(message: string): GantryError {
  return new GantryError('ENGINE_TOP', 'internal', message)
}

/** @throws GantryError invalid when a column would be shown under a name that hides the process ids. Pure. */
export function checkPsArguments(words: readonly string[]): void {
  for (const word of words) {
    const renamed = /(?:^|,)(\w+)=(\w+)/.exec(word.replace(/^(-?o|--format=?)/, ''))
    if (renamed !== null && renamed[1] !== 'pid' && renamed[2]?.toUpperCase() === 'PID')
      throw new GantryError(
        'ENGINE_TOP_FORMAT',
        'invalid',
        `specifying "${renamed[0].replace(/^,/, '')}" is not allowed`,
        { remedy: 'Choose ps options that keep the PID column.' },
      )
  }
}

const fieldsOf = (line: string): string[] => line.split(/[ \t]+/).filter((field) => field !== '')

/**
 * The rows of ps that belong to the given processes; what is left over in a row goes into its last column. Pure.
 * @throws GantryError when ps printed no process ids.
 */
export function selectRows(output: string, pids: ReadonlySet<number>): ProcessTable {
  const [head = '', ...lines] = output.split('\n')
  const titles = fieldsOf(head)
  const pidColumn = titles.indexOf('PID')
  if (pidColumn < 0) throw failed("Couldn't find PID field in ps output")
  const rows: string[][] = []
  let threadsOf = false
  for (const line of lines) {
    const fields = fieldsOf(line)
    if (fields.length === 0) continue
    const pid = fields[pidColumn] ?? ''
    // With -m ps prints the threads of a process below it, with a dash for the number.
    if (pid !== '-') {
      if (!/^\d+$/.test(pid)) throw failed(`Unexpected pid '${pid}'`)
      threadsOf = pids.has(Number(pid))
    }
    if (threadsOf) rows.push([...fields.slice(0, titles.length - 1), fields.slice(titles.length - 1).join(' ')])
  }
  return { Titles: titles, Processes: rows }
}

/** Every process in a cgroup and the groups below it. */
async function processesOf(files: Files, folder: string, depth = 0): Promise<number[]> {
  try {
    const text = await files.readText(join(folder, 'cgroup.procs'), { maxBytes: procsBytesMax })
    const own = text
      .split('\n')
      .filter((line) => line !== '')
      .map(Number)
    if (depth >= groupDepthMax) return own
    const below = (await files.list(folder)).filter((entry) => entry.type === 'directory')
    const nested = await Promise.all(below.map(({ name }) => processesOf(files, join(folder, name), depth + 1)))
    return [...own, ...nested.flat()]
  } catch (error) {
    // A group that vanishes has no processes; a threaded one on v2 does not tell.
    if (errnoOf(error) !== undefined) return []
    throw error
  }
}

function requireRunning(container: Container): void {
  const { state } = container.record
  if (state.status === 'restarting')
    throw new GantryError(
      'ENGINE_RESTARTING',
      'conflict',
      `Container ${container.id} is restarting, wait until the container is running`,
      { remedy: 'Wait until it runs, or stop it.' },
    )
  if (!isAlive(state))
    throw new GantryError('ENGINE_NOT_RUNNING', 'conflict', `Container ${container.id} is not running`, {
      remedy: 'Start it first.',
    })
}

async function runPs(parts: EngineParts, words: readonly string[], pids: readonly number[]): Promise<string> {
  const { processes } = parts.world
  const options = { outputBytesMax: psOutputBytesMax, timeoutMs: 30_000 }
  const asked = await processes.run('ps', [...words, `-q${pids.join(',')}`], options)
  if (asked.exitCode === 0) return asked.stdout
  // Some options of ps do not go together with -q; then its whole list is cut down here.
  const all = await processes.run('ps', words, options)
  if (all.exitCode === 0) return all.stdout
  throw failed(`ps: ${all.stderr.split('\n')[0] ?? ''}`)
}

/**
 * The processes of a running container as ps shows them (Engine API `GET /containers/{id}/top`).
 * @param psArguments words for ps; empty: `-ef`.
 * @throws GantryError conflict when it does not run.
 */
export async function listContainerProcesses(
  parts: EngineParts,
  container: Container,
  psArguments: string,
): Promise<ProcessTable> {
  const words = fieldsOf(psArguments === '' ? defaultArguments : psArguments)
  checkPsArguments(words)
  requireRunning(container)
  const { files } = parts.world
  const pids = await processesOf(files, await cgroupFolder(files, 'pids', cgroupOf(parts, container).group))
  const table = selectRows(await runPs(parts, words, pids), new Set(pids))
  parts.emit({ type: 'container', action: 'top', id: container.id, attributes: attributesOf(container.record) })
  return table
}
