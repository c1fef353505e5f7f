/** `gantry engine`: runs an engine in the foreground until it is told to stop. */
import { isAbsolute, join, resolve } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ListenAddress } from '#kit/http/listen-address.ts'
import { createLog } from '#kit/telemetry/log.ts'
import { mainRoot, placesOf, startEngine } from './engine.ts'
import { createRealWorld } from './real-world.ts'

const help = `Usage:  gantry engine [OPTIONS]

Run a container engine in the foreground

Options:
      --root DIR       Keep everything under DIR (default ${mainRoot})
  -H, --host ADDRESS   Listen on unix:///PATH or tcp://HOST:PORT; may be given again
                       (default unix://DIR/docker.sock, for the main engine unix:///run/gantry/docker.sock)
      --runtime NAME   OCI runtime by name or path (default crun, else runc)
      --log-level L    debug, info, warn or error (default info)
      --help           Print this
`

interface Flags {
  readonly root: string
  readonly hosts: readonly string[]
  readonly runtime: string | undefined
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

function usage(message: string): GantryError {
  return new GantryError('ENGINE_USAGE', 'invalid', message, { remedy: "See 'gantry engine --help'." })
}

/** Reads the command line. @throws GantryError for flags that there are not. */
export function parseEngineFlags(argv: readonly string[], cwd: string): Flags | 'help' {
  let flags: Flags = { root: mainRoot, hosts: [], runtime: undefined, logLevel: 'info' }
  const words = argv.flatMap((word) =>
    /^--[a-z-]+=/.test(word) ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word],
  )
  for (let index = 0; index < words.length; index += 2) {
    const name = words[index] ?? ''
    const value = words[index + 1]
    if (name === '--help' || name === '-h') return 'help'
    if (value === undefined) throw usage(`flag needs an argument: ${name}`)
    if (name === '--root')
      flags = { ...flags, root: isAbsolute(value) ? value.replace(/(.)\/+$/, '$1') : resolve(cwd, value) }
    else if (name === '--host' || name === '-H') flags = { ...flags, hosts: [...flags.hosts, value] }
    else if (name === '--runtime') flags = { ...flags, runtime: value }
    else if (name === '--log-level' && /^(debug|info|warn|error)$/.test(value))
      flags = { ...flags, logLevel: value as Flags['logLevel'] }
    else throw usage(`unknown flag or value: ${name} ${value}`)
  }
  return flags
}

/** `unix:///path` or `tcp://host:port` as something to listen on. @throws GantryError when it is neither. */
export function parseListenAddress(text: string): ListenAddress {
  if (text.startsWith('unix://')) return { unix: text.slice('unix://'.length), mode: 0o660 }
  const match = /^tcp:\/\/(\[[^\]]+\]|[^:]*):(\d+)$/.exec(text)
  if (match === null) throw usage(`not an address to listen on: ${text}`)
  const host = match[1] === '' ? '127.0.0.1' : (match[1] ?? '').replace(/^\[(.*)\]$/, '$1')
  if (!/^(127\.|::1$|localhost$)/.test(host))
    throw usage(`${text}: without TLS only loopback addresses are listened on`)
  return { host, port: Number(match[2]) }
}

/** Runs the command. @returns the exit code. */
export async function runEngineCommand(argv: readonly string[]): Promise<number> {
  const world = createRealWorld()
  const flags = parseEngineFlags(argv, world.processes.self.cwd)
  if (flags === 'help') {
    process.stdout.write(help)
    return 0
  }
  const log = createLog({
    level: flags.logLevel,
    format: process.stderr.isTTY ? 'text' : 'json',
    write: (line) => process.stderr.write(line),
    clock: world.clock,
  })
  const places = placesOf(flags.root)
  const socket = places.instance === '' ? join(places.runDirectory, 'docker.sock') : join(flags.root, 'docker.sock')
  const hosts = flags.hosts.length > 0 ? flags.hosts : [`unix://${socket}`]
  const stop = new Promise<string>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done(signal))
  })
  const engine = await startEngine(world, log, {
    root: flags.root,
    ...places,
    listeners: hosts.map(parseListenAddress),
    ...(flags.runtime === undefined ? {} : { runtime: flags.runtime }),
  })
  for (const address of engine.addresses) {
    log.info('engine ready', {
      listening: 'unix' in address ? `unix://${address.unix}` : `tcp://${address.host}:${address.port}`,
      runtime: engine.parts.runtime.name,
      root: flags.root,
    })
  }
  const signal = await stop
  log.info('engine stopping', { signal })
  await engine[Symbol.asyncDispose]()
  return 0
}
