/** `gantry server export`: writes everything that a running control plane has stored into a file. */
import { isAbsolute, join, resolve } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { connectKubeClient } from '#clients/kubernetes/connect.ts'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import { exportPath } from '#cluster/apiserver/export-state.ts'
import { lastValue, readFlags } from './command-flags.ts'
import type { CommandHost } from './command-host.ts'
import { usageError } from '#roles/usage-error.ts'

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

const shape = { command: 'server export', valued: ['root', 'kubeconfig', 'output'], switches: [] }

/** Runs the command. @returns the exit code. */
export async function runServerExport(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const flags = readFlags(shape, argv)
  if (flags.switches.has('help')) {
    terminal.stdout.write(help)
    return 0
  }
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(world.processes.self.cwd, path))
  const root = lastValue(flags, 'root')
  const kubeconfig = lastValue(flags, 'kubeconfig') ?? (root === undefined ? undefined : join(root, 'admin.kubeconfig'))
  const output = lastValue(flags, 'output')
  if (kubeconfig === undefined) throw usageError(shape.command, '--root is needed: the folder that holds the cluster')
  if (output === undefined) throw usageError(shape.command, '--output is needed: the file to write, or -')
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
