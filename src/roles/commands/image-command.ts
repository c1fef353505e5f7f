/** `gantry image bootstrap NAME`: asks the engine to make a base image from distribution packages. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import type { CommandHost } from './command-host.ts'
import { lastValue, readFlags } from './command-flags.ts'
import { absoluteRoot, mainRoot } from '#roles/engine/engine-places.ts'
import { clientAt, findEngine, socketOf } from '#roles/engine/running-engine.ts'

const help = `Usage:  gantry image bootstrap [OPTIONS] NAME

Make a base image on this machine from Debian packages and npm's Node, where no registry can be reached.
NAME: busybox, alpine, debian, ubuntu, hello-world, node:VERSION (node:7, node:4.4, …)

Options:
      --root DIR       Ask the engine of DIR (default ${mainRoot}, or the socket in DOCKER_HOST)
  -t, --tag REFERENCE  A further name for it; may be given again
      --help           Print this
`

interface Message {
  readonly stream?: string
  readonly error?: string
  readonly aux?: { readonly ID: string; readonly References: readonly string[] }
}

/** Makes a base image; `onLine` is told of the progress. @returns its references. @throws GantryError in the engine's words. */
export async function bootstrapThrough(
  client: EngineClient,
  { name, tags = [] }: { readonly name: string; readonly tags?: readonly string[] },
  onLine: (line: string) => void,
): Promise<readonly string[]> {
  let references: readonly string[] = []
  for await (const message of client.messages<Message>('POST', '/gantry/images/bootstrap', {
    query: { name, tag: tags },
  })) {
    if (message.error !== undefined)
      throw new GantryError('ROLES_BOOTSTRAP', 'unavailable', message.error, {
        remedy: 'apt-get and npm bring the packages: check that they reach their archives.',
      })
    if (message.stream !== undefined) onLine(message.stream.trimEnd())
    references = message.aux?.References ?? references
  }
  return references
}

/** Runs the command. @returns the exit code. */
export async function runBootstrapCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const spelled = argv.map((word) => (word === '-t' ? '--tag' : word))
  const flags = readFlags({ command: 'image bootstrap', valued: ['root', 'tag'], switches: [], wordsMax: 1 }, spelled)
  const [name] = flags.words
  if (flags.switches.has('help') || name === undefined) {
    terminal.stdout.write(help)
    return flags.switches.has('help') ? 0 : 1
  }
  const { env, cwd } = world.processes.self
  const chosen = lastValue(flags, 'root')
  const fromEnv = /^unix:\/\/(.+)$/.exec(env['DOCKER_HOST'] ?? '')?.[1]
  const root = absoluteRoot(chosen ?? mainRoot, cwd)
  const socket = chosen === undefined && fromEnv !== undefined ? fromEnv : socketOf(root, await findEngine(world, root))
  const references = await bootstrapThrough(
    clientAt(world, socket),
    { name, tags: flags.values.get('tag') ?? [] },
    (line) => terminal.stdout.write(`${line}\n`),
  )
  terminal.stdout.write(`${references.join('\n')}\n`)
  return 0
}
