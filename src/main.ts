/** The program: the first word selects a role or a command; each is loaded only when it is wanted. */
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { CliIo } from '#cli/docker/cli-io.ts'
import type { CommandHost } from '#roles/commands/command-host.ts'
import { completeFlags, completeOwn, findOwn, type OwnCommand, overview } from '#roles/commands/own-commands.ts'
import type { Terminal } from '#world/ports/terminal.ts'

const home = dirname(import.meta.dirname)
// The cache lies beside the bundle: a folder that others can write to must not feed us code.
if (import.meta.filename.endsWith('.js')) enableCompileCache(join(home, 'dist/.compile-cache'))

type Argv = readonly string[]

interface IoChanges {
  readonly env?: Readonly<Record<string, string>>
  readonly output?: Writable
}

/** A stream that keeps what is written. */
function kept(): { readonly output: Writable; readonly text: () => string } {
  const chunks: Buffer[] = []
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk)
      done()
    },
  })
  return { output, text: () => Buffer.concat(chunks).toString() }
}

const host: Omit<CommandHost, 'world' | 'terminal'> = {
  program: [process.execPath, ...process.execArgv, import.meta.filename],
  home,
  docker: async (argv, { quiet = false, env = {} } = {}) => {
    const { output, text } = kept()
    const exitCode = await runDocker('docker', argv, quiet ? { env, output } : { env })
    return { exitCode, output: text() }
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

async function runOwn({ load }: OwnCommand, argv: Argv, output?: Writable): Promise<number> {
  endWithReader()
  const [command, { createRealWorld }, { createTerminal }] = await Promise.all([
    load(),
    import('#roles/real-world.ts'),
    import('#world/real/terminal.ts'),
  ])
  const terminal = createTerminal()
  return command(argv, {
    ...host,
    world: createRealWorld(),
    terminal: output === undefined ? terminal : redirected(terminal, output),
  })
}

/** What fits the last of the words, for a shell: of an own command its flags, else own commands beside docker's. */
async function completeWords(words: Argv): Promise<number> {
  const before = words.slice(0, -1)
  const current = words.at(-1) ?? ''
  const own = findOwn(before)
  if (own === undefined || !current.startsWith('-')) process.stdout.write(completeOwn(before, current))
  else {
    const { output, text } = kept()
    await runOwn(own.command, ['--help'], output)
    process.stdout.write(completeFlags(text(), current))
  }
  return own === undefined ? runDocker('gantry', ['__complete', ...words]) : 0
}

async function run(argv: Argv): Promise<number> {
  const [word = '', ...rest] = argv
  if (word === 'docker') return runDocker('docker', rest)
  if (word === '__complete') return completeWords(rest)
  const own = findOwn(word === 'help' ? rest : argv)
  if (own !== undefined) return runOwn(own.command, word === 'help' ? ['--help'] : own.rest)
  const code = await runDocker('gantry', argv)
  if (word === '' || word === '--help' || (word === 'help' && rest.length === 0)) {
    endWithReader()
    process.stdout.write(`\n${overview()}`)
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
