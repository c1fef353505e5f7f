/** `gantry engine`: runs an engine in the foreground until it is told to stop. */
import type { BoundAddress } from '#kit/http/listen-address.ts'
import type { Files } from '#world/ports/files.ts'
import type { CommandHost } from './command-host.ts'
import { openCommandLog } from './command-log.ts'
import { lastValue, readFlags } from './command-flags.ts'
import type { CommandFlags } from './command-flags.ts'
import { defaultConfigFile, mergeConfigFile, readConfigFile } from '#roles/engine/engine-config-file.ts'
import { absoluteRoot, mainRoot, placesOf } from '#roles/engine/engine-places.ts'
import type { EngineIdentity } from '#roles/engine/engine-places.ts'
import { checkListenFlags, planListeners } from '#roles/engine/engine-listeners.ts'
import type { ListenFlags } from '#roles/engine/engine-listeners.ts'
import { readSettings, settingFlags, settingHelp } from '#roles/engine/engine-settings.ts'
import type { EngineSettings } from '#roles/engine/engine-settings.ts'
import { knownRuntimes, startEngine } from '#roles/engine/engine.ts'
import { usageError } from '#roles/usage-error.ts'

const help = `Usage:  gantry engine [OPTIONS]

Run a container engine in the foreground

Options:
      --root DIR       Keep everything under DIR (default ${mainRoot})
  -H, --host ADDRESS   Listen on unix:///PATH or tcp://HOST:PORT; may be given again
                       (default unix://DIR/docker.sock, for the main engine unix:///run/gantry/docker.sock)
      --tlsverify      Speak TLS on tcp:// addresses, with clients that show a certificate of --tlscacert;
                       needed beyond loopback
      --tls            Speak TLS on tcp:// addresses of loopback without asking clients for a certificate
      --tlscacert FILE Authority of the clients' certificates
      --tlscert FILE   The engine's certificate
      --tlskey FILE    The engine's key
  -G, --group NAME     Group that may use unix sockets (default docker, else gantry, where there is such a group)
      --runtime NAME   OCI runtime by name or path (default crun, else runc)
      --log-level L    debug, info, warn or error (default info)
      --config-file F  Settings in JSON with the keys of dockerd's daemon.json
                       (default, for the main engine, ${defaultConfigFile} if there)
      --help           Print this

What containers, networks and registries get unless they are told otherwise:
${settingHelp}`

interface Flags {
  readonly root: string
  readonly listen: ListenFlags
  readonly runtime: string | undefined
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly settings: EngineSettings
}

const switches = ['tls', 'tlsverify']

/** Reads the command line. @throws GantryError for flags that there are not. */
function readCommandLine(argv: readonly string[]): CommandFlags {
  const own = ['root', 'host', 'runtime', 'log-level', 'tlscacert', 'tlscert', 'tlskey', 'group', 'config-file']
  return readFlags({ command: 'engine', valued: [...own, ...settingFlags], switches }, argv)
}

/** The command line with what the configuration file adds. */
async function withConfigFile(files: Files, flags: CommandFlags, cwd: string): Promise<CommandFlags> {
  const given = lastValue(flags, 'config-file')
  // Engines beside the main one are made for something else than the machine's settings.
  const isMain = absoluteRoot(lastValue(flags, 'root') ?? mainRoot, cwd) === mainRoot
  if (given === undefined && !isMain) return flags
  const path = given === undefined ? defaultConfigFile : absoluteRoot(given, cwd)
  const content = await readConfigFile(files, path, given !== undefined)
  return content === undefined ? flags : mergeConfigFile(flags, { path, content, switches })
}

/** What the flags mean. @throws GantryError for values that mean nothing, or nothing together. */
function interpret(flags: CommandFlags, cwd: string): Flags {
  const logLevel = lastValue(flags, 'log-level') ?? 'info'
  if (!/^(debug|info|warn|error)$/.test(logLevel)) throw usageError('engine', `no such log level: ${logLevel}`)
  const root = absoluteRoot(lastValue(flags, 'root') ?? mainRoot, cwd)
  const listen: ListenFlags = {
    hosts: flags.values.get('host') ?? [`unix://${placesOf(root).socket}`],
    tls: flags.switches.has('tls'),
    tlsVerify: flags.switches.has('tlsverify'),
    authorityFile: lastValue(flags, 'tlscacert'),
    certificateFile: lastValue(flags, 'tlscert'),
    keyFile: lastValue(flags, 'tlskey'),
    group: lastValue(flags, 'group'),
  }
  checkListenFlags(listen)
  return {
    root,
    listen,
    runtime: lastValue(flags, 'runtime'),
    logLevel: logLevel as Flags['logLevel'],
    settings: readSettings(flags, knownRuntimes),
  }
}

function hostText(address: BoundAddress): string {
  return 'unix' in address ? `unix://${address.unix}` : `tcp://${address.host}:${address.port}`
}

/** Runs the command. @returns the exit code. */
export async function runEngineCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const { cwd } = world.processes.self
  const commandLine = readCommandLine(argv)
  if (commandLine.switches.has('help')) {
    terminal.stdout.write(help)
    return 0
  }
  const flags = interpret(await withConfigFile(world.files, commandLine, cwd), cwd)
  const log = openCommandLog({ world, terminal }, flags.logLevel)
  const places = placesOf(flags.root)
  const stop = Promise.withResolvers<string>()
  using _ = terminal.onSignal(['SIGINT', 'SIGTERM'], stop.resolve)
  const engine = await startEngine(world, log, {
    root: flags.root,
    runDirectory: places.runDirectory,
    instance: places.instance,
    listeners: await planListeners(world.files, flags.listen),
    settings: flags.settings,
    ...(flags.runtime === undefined ? {} : { runtime: flags.runtime }),
  })
  const listening = engine.addresses.map(hostText)
  const identity: EngineIdentity = {
    pid: world.processes.self.pid,
    startTicks: (await world.processes.startTicks(world.processes.self.pid)) ?? 0,
    hosts: listening,
  }
  await world.files.replace(places.identityFile, JSON.stringify(identity), { mode: 0o644 })
  for (const host of listening)
    log.info('engine ready', { listening: host, runtime: engine.parts.runtimes.own.name, root: flags.root })
  const signal = await stop.promise
  log.info('engine stopping', { signal })
  await engine[Symbol.asyncDispose]()
  await world.files.remove(places.identityFile, { force: true })
  return 0
}
