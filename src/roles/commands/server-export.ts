/** `gantry server export`: writes everything that a running control plane has stored into a file. */
import { isAbsolute, join, resolve } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { connectKubeClient } from '#clients/kubernetes/connect.ts'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import { exportPath } from '#cluster/apiserver/export-state.ts'
import type { CommandHost } from './command-host.ts'
import { serverUsage } from '#roles/server/server-flags.ts'

/** Beyond this a text does not fit into one string of the reader's either. */
const stateBytesMax = 500 * 1024 * 1024

const help = `Usage:  gantry server export --root DIR --output FILE

Write the state of the control plane that runs under DIR to FILE, secrets included; createCluster({ from }) starts a
simulation from it

Options:
      --root DIR        The folder of the running server
      --kubeconfig FILE Reach it by this instead of DIR/admin.kubeconfig
      --output FILE     Where to write; - for standard output
      --help            Print this
`

/** Reads flags of the form `--name value` and `--name=value`. */
function readFlags(argv: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>()
  const words = argv.flatMap((word) => (/^--[a-z]+=/.test(word) ? word.split(/=(.*)/s).slice(0, 2) : [word]))
  for (let index = 0; index < words.length; index += 2) {
    const [name = '', value] = [words[index], words[index + 1]]
    if (!['--root', '--kubeconfig', '--output'].includes(name)) throw serverUsage(`unknown flag: ${name}`)
    if (value === undefined) throw serverUsage(`flag needs an argument: ${name}`)
    flags.set(name, value)
  }
  return flags
}

/** Runs the command. @returns the exit code. */
export async function runServerExport(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    terminal.stdout.write(help)
    return 0
  }
  const flags = readFlags(argv)
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(world.processes.self.cwd, path))
  const root = flags.get('--root')
  const kubeconfig = flags.get('--kubeconfig') ?? (root === undefined ? undefined : join(root, 'admin.kubeconfig'))
  const output = flags.get('--output')
  if (kubeconfig === undefined) throw serverUsage('--root is needed: the folder that holds the cluster')
  if (output === undefined) throw serverUsage('--output is needed: the file to write, or -')
  const state = await fetchState(world, at(kubeconfig))
  if (output === '-') terminal.stdout.write(state)
  else await world.files.replace(at(output), state, { mode: 0o600, durable: true })
  return 0
}

async function fetchState({ clock, files }: CommandHost['world'], kubeconfig: string): Promise<Uint8Array> {
  const readFile = (path: string): Promise<string> => files.readText(path)
  const connection = await readKubeconfig(await files.readText(kubeconfig), { readFile })
  await using client = connectKubeClient({ clock, connection, userAgent: 'gantry-export' })
  const { status, body } = await client.raw({ path: exportPath, bytesMax: stateBytesMax })
  if (status === 200) return body
  throw new GantryError('SERVER_EXPORT_REFUSED', 'unavailable', `the server answered ${status} instead of its state`, {
    remedy: "Use the administrator's kubeconfig of a server of this version.",
  })
}
