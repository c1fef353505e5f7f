/** The program: the first word selects a role or a command; each is loaded only when it is wanted. */
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { CliIo } from '#cli/docker/cli-io.ts'
import type { CommandHost } from '#roles/commands/command-host.ts'
import type { Terminal } from '#world/ports/terminal.ts'

const home = dirname(import.meta.dirname)
// The cache lies beside the bundle: a folder that others can write to must not feed us code.
if (import.meta.filename.endsWith('.js')) enableCompileCache(join(home, 'dist/.compile-cache'))

type Argv = readonly string[]
type Command = (argv: Argv, host: CommandHost) => Promise<number>

interface IoChanges {
  readonly env?: Readonly<Record<string, string>>
  readonly output?: Writable
}

/** Gantry's own words; everything else is the docker grammar. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  engine: async () => (await import('#roles/commands/engine-command.ts')).runEngineCommand,
  up: async () => (await import('#roles/commands/up-command.ts')).runUpCommand,
  down: async () => (await import('#roles/commands/down-command.ts')).runDownCommand,
  status: async () => (await import('#roles/commands/status-command.ts')).runStatusCommand,
  demo: async () => (await import('#roles/commands/demo-command.ts')).runDemoCommand,
  registry: async () => (await import('#roles/commands/registry-command.ts')).runRegistryCommand,
  server: async () => (await import('#roles/commands/server-command.ts')).runServerCommand,
  why: async () => (await import('#roles/commands/why-command.ts')).runWhyCommand,
  doctor: async () => (await import('#roles/commands/doctor-command.ts')).runDoctorCommand,
}

const overview = `Own commands:
  demo      Everything once: engine, base image, build, run, registry
  up        Start the engine in the background
  status    Show whether it runs and what it holds
  down      Stop it; --purge deletes its state too
  doctor    What this machine has of what containers need
  engine    Run an engine in the foreground
  registry  Run a registry of images
  server    Run a Kubernetes control plane in the foreground
  why       Say why an object of a cluster is as it is
  image bootstrap NAME   Make a base image without a registry

Each takes --root DIR, so that several engines live side by side, and --help.
`

const host: Omit<CommandHost, 'world' | 'terminal'> = {
  program: [process.execPath, ...process.execArgv, import.meta.filename],
  home,
  docker: async (argv, { quiet = false, env = {} } = {}) => {
    const chunks: Buffer[] = []
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk)
        done()
      },
    })
    const exitCode = await runDocker('docker', argv, quiet ? { env, output } : { env })
    return { exitCode, output: Buffer.concat(chunks).toString() }
  },
}

/** What the docker grammar may touch. Loading koffi costs milliseconds: only a credential helper needs it. */
async function dockerIo(program: string, { env = {}, output }: IoChanges): Promise<CliIo> {
  const [terminals, files, clocks, dialers, machines] = await Promise.all([
    import('#world/real/terminal.ts'),
    import('#world/real/files.ts'),
    import('#world/real/clock.ts'),
    import('#world/real/dialer.ts'),
    import('#world/real/machine.ts'),
  ])
  const terminal = terminals.createTerminal()
  const machine = machines.readMachine()
  return {
    program,
    terminal: output === undefined ? terminal : redirected(terminal, output),
    files: files.createFiles(),
    clock: clocks.createClock(),
    processes: {
      run: async (...call) => (await import('#world/real/processes.ts')).createProcesses().run(...call),
    },
    dialer: dialers.createDialer(),
    env: { ...process.env, ...env },
    cwd: process.cwd(),
    homeDirectory: process.env['HOME'] ?? homedir(),
    platform: `${machine.os}/${machine.ociArchitecture}`,
  }
}

/** The same terminal, writing elsewhere; its other parts stay unopened until used. */
function redirected(terminal: Terminal, output: Writable): Terminal {
  const off = { value: false }
  const to = { value: output }
  return Object.create(terminal, { stdout: to, stderr: to, stdoutIsTerminal: off, stderrIsTerminal: off }) as Terminal
}

async function runDocker(program: string, argv: Argv, changes: IoChanges = {}): Promise<number> {
  const [{ runDockerCli }, io] = await Promise.all([import('#cli/docker/docker-cli.ts'), dockerIo(program, changes)])
  return runDockerCli(argv, io)
}

/** A reader that went away (`| head`) ends the command quietly, as it ends any program. */
function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(0)
    })
}

async function runOwn(load: () => Promise<Command>, argv: Argv): Promise<number> {
  endWithReader()
  const [command, { createRealWorld }, { createTerminal }] = await Promise.all([
    load(),
    import('#roles/real-world.ts'),
    import('#world/real/terminal.ts'),
  ])
  return command(argv, { ...host, world: createRealWorld(), terminal: createTerminal() })
}

async function run(argv: Argv): Promise<number> {
  const [word = '', ...rest] = argv
  if (word === 'docker') return runDocker('docker', rest)
  const own = Object.hasOwn(commands, word) ? commands[word] : undefined
  if (own !== undefined) return runOwn(own, rest)
  if (word === 'image' && rest[0] === 'bootstrap')
    return runOwn(async () => (await import('#roles/commands/image-command.ts')).runBootstrapCommand, rest.slice(1))
  const code = await runDocker('gantry', argv)
  if (word === '' || word === '--help' || (word === 'help' && rest.length === 0)) {
    endWithReader()
    process.stdout.write(`\n${overview}`)
  }
  return code
}

try {
  process.exitCode = await run(process.argv.slice(2))
  // Monitors outlive an engine and hold pipes to it: those must not keep the process.
  if (process.argv[2] === 'engine') process.exit()
} catch (error) {
  const remedy = error instanceof GantryError && error.remedy !== undefined ? `\n${error.remedy}` : ''
  process.stderr.write(`gantry: ${messageOf(error)}${remedy}\n`)
  process.exitCode = 1
}
