/** `gantry server`: runs a control plane in the foreground until it is told to stop. */
import { isAbsolute, resolve } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { CommandHost } from './command-host.ts'
import { openCommandLog } from './command-log.ts'
import { startServer } from './server.ts'

const help = `Usage:  gantry server --root DIR [OPTIONS]

Run a control plane in the foreground

Options:
      --root DIR            Keep everything under DIR, DIR/admin.kubeconfig included
      --listen HOST:PORT    Where the API is served (default 127.0.0.1:6443; port 0 chooses a free one)
      --simulated-nodes N   Add N nodes that pretend to run pods (default 0)
      --log-level L         debug, info, warn or error (default info)
      --help                Print this
`

interface Flags {
  readonly root: string
  readonly host: string
  readonly port: number
  readonly simulatedNodes: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

function usage(message: string): GantryError {
  return new GantryError('SERVER_USAGE', 'invalid', message, { remedy: "See 'gantry server --help'." })
}

/** Reads the command line. @throws GantryError for flags that there are not. */
export function parseServerFlags(argv: readonly string[], cwd: string): Flags | 'help' {
  let flags: Flags = { root: '', host: '127.0.0.1', port: 6443, simulatedNodes: 0, logLevel: 'info' }
  const words = argv.flatMap((word) =>
    /^--[a-z-]+=/.test(word) ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word],
  )
  for (let index = 0; index < words.length; index += 2) {
    const name = words[index] ?? ''
    const value = words[index + 1]
    if (name === '--help' || name === '-h') return 'help'
    if (value === undefined) throw usage(`flag needs an argument: ${name}`)
    flags = withFlag(flags, name, { value, cwd })
  }
  if (flags.root === '') throw usage('--root is needed: the folder that holds the cluster')
  return flags
}

function withFlag(flags: Flags, name: string, { value, cwd }: { readonly value: string; readonly cwd: string }): Flags {
  if (name === '--root') return { ...flags, root: isAbsolute(value) ? value : resolve(cwd, value) }
  if (name === '--simulated-nodes' && /^\d{1,5}$/.test(value)) return { ...flags, simulatedNodes: Number(value) }
  if (name === '--log-level' && /^(?:debug|info|warn|error)$/.test(value))
    return { ...flags, logLevel: value as Flags['logLevel'] }
  const address = name === '--listen' ? /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(value) : null
  if (address === null) throw usage(`unknown flag or value: ${name} ${value}`)
  return { ...flags, host: (address[1] ?? '').replace(/^\[(.*)\]$/, '$1'), port: Number(address[2]) }
}

/** Runs the command. @returns the exit code. */
export async function runServerCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const flags = parseServerFlags(argv, world.processes.self.cwd)
  if (flags === 'help') {
    terminal.stdout.write(help)
    return 0
  }
  const log = openCommandLog({ world, terminal }, flags.logLevel)
  const stop = Promise.withResolvers<string>()
  using _ = terminal.onSignal(['SIGINT', 'SIGTERM'], stop.resolve)
  const server = await startServer(world, log, flags)
  log.info('server ready', { url: server.url, kubeconfig: server.kubeconfig })
  const signal = await stop.promise
  log.info('server stopping', { signal })
  await server[Symbol.asyncDispose]()
  return 0
}
