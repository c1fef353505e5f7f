/** `gantry registry`: runs a registry in the foreground until it is told to stop. */
import { GantryError, errnoOf } from '#base/errors/gantry-error.ts'
import { createRegistry } from '#registry/registry.ts'
import type { CommandHost } from './command-host.ts'
import { openCommandLog } from './command-log.ts'
import { lastValue, readFlags } from './command-flags.ts'
import { absoluteRoot } from './engine-places.ts'

const defaultRoot = '/var/lib/gantry-registry'

const help = `Usage:  gantry registry [OPTIONS]

Run a registry of images in the foreground

Options:
      --root DIR          Keep images under DIR (default ${defaultRoot})
      --listen HOST:PORT  Where to listen (default 127.0.0.1:5000; port 0: a free one)
      --htpasswd FILE     Ask for names and passwords of this file (bcrypt); needed to listen beyond loopback
      --read-only         Refuse pushes
      --help              Print this
`

interface RegistryFlags {
  readonly root: string
  readonly host: string
  readonly port: number
  readonly passwords: string | undefined
  readonly readOnly: boolean
}

function usage(message: string): GantryError {
  return new GantryError('ROLES_USAGE', 'invalid', message, { remedy: "See 'gantry registry --help'." })
}

function readAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) throw usage(`not an address to listen on: ${text}`)
  const host = match[1] ?? match[2] ?? ''
  return { host: host === '' ? '127.0.0.1' : host, port }
}

/** Reads the command line; 'help' when that was asked. @throws GantryError for what makes no sense or is not safe. */
export function parseRegistryFlags(argv: readonly string[], cwd: string): RegistryFlags | 'help' {
  const shape = { command: 'registry', valued: ['root', 'listen', 'htpasswd'], switches: ['read-only'] }
  const flags = readFlags(shape, argv)
  if (flags.switches.has('help')) return 'help'
  const { host, port } = readAddress(lastValue(flags, 'listen') ?? '127.0.0.1:5000')
  const passwords = lastValue(flags, 'htpasswd')
  if (passwords === undefined && !/^(127\.|::1$|localhost$)/.test(host))
    throw usage(`${host}: without --htpasswd only loopback addresses are listened on`)
  return {
    root: absoluteRoot(lastValue(flags, 'root') ?? defaultRoot, cwd),
    host,
    port,
    passwords: passwords === undefined ? undefined : absoluteRoot(passwords, cwd),
    readOnly: flags.switches.has('read-only'),
  }
}

/** Runs the command. @returns the exit code. */
export async function runRegistryCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const flags = parseRegistryFlags(argv, world.processes.self.cwd)
  if (flags === 'help') {
    terminal.stdout.write(help)
    return 0
  }
  const log = openCommandLog({ world, terminal }, 'info')
  const stop = Promise.withResolvers<string>()
  using _ = terminal.onSignal(['SIGINT', 'SIGTERM'], stop.resolve)
  const { root, host, port, passwords, readOnly } = flags
  const config = {
    root,
    listen: { host, port },
    readOnly,
    ...(passwords === undefined ? {} : { auth: { kind: 'htpasswd', path: passwords } as const }),
  }
  try {
    await using registry = await createRegistry(
      { ...world, onFault: (error, where) => log.warn('a request failed', { where, error }) },
      config,
    )
    log.info('registry ready', { listening: registry.url, root })
    log.info('registry stopping', { signal: await stop.promise })
  } catch (cause) {
    if (errnoOf(cause) !== 'EADDRINUSE') throw cause
    throw new GantryError('ROLES_PORT_TAKEN', 'conflict', `${host}:${port} is taken by another program`, {
      cause,
      remedy: 'Choose another address with --listen; port 0 finds a free one.',
    })
  }
  return 0
}
