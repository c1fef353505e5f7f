/**
 * `gantry demo`: from nothing to a served application and back through a registry, with the commands a reader can
 * repeat. Each step is the public one: the docker grammar against the engine's socket. An earlier or interrupted demo
 * is replaced; its container is known by a label, so that nobody else's is touched.
 */
import { GantryError, errnoOf } from '#base/errors/gantry-error.ts'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { createHttpClient } from '#kit/http/client.ts'
import { createRegistry } from '#registry/registry.ts'
import type { CommandHost } from './command-host.ts'
import { lastValue, readFlags } from './command-flags.ts'
import { absoluteRoot, mainRoot } from '#roles/engine/engine-places.ts'
import { bootstrapThrough } from './image-command.ts'
import { clientAt } from '#roles/engine/running-engine.ts'
import { bringUp, writeContext } from './up-command.ts'
import { usageError } from '#roles/usage-error.ts'

const help = `Usage:  gantry demo [OPTIONS]

Start the engine, make a base image, build and run examples/kubia, push it to a registry and pull it back.
The container keeps running at the end.

Options:
      --root DIR   Use the engine of DIR (default ${mainRoot})
      --port N     Publish the application at this port of 127.0.0.1 (default 8080)
      --help       Print this
`

const container = 'kubia-container'
const label = 'gantry.demo'

interface Demo {
  readonly host: CommandHost
  readonly client: EngineClient
  readonly socket: string
  readonly port: number
}

interface Inspected {
  readonly Id: string
  readonly RestartCount: number
  readonly State: { readonly Running: boolean; readonly Pid: number }
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null }
}

/** Runs the command. @returns the exit code. */
export async function runDemoCommand(argv: readonly string[], host: CommandHost): Promise<number> {
  const { world, terminal } = host
  const flags = readFlags({ command: 'demo', valued: ['root', 'port'], switches: [] }, argv)
  if (flags.switches.has('help')) {
    terminal.stdout.write(help)
    return 0
  }
  const port = Number(lastValue(flags, 'port') ?? 8080)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw usageError('demo', `--port: not a port: ${lastValue(flags, 'port')}`)
  const root = absoluteRoot(lastValue(flags, 'root') ?? mainRoot, world.processes.self.cwd)
  const started = world.clock.monotonicMs()
  title(host, 'Starting the engine')
  const { socket, started: isNew } = await bringUp(host, root)
  const context = await writeContext(host, root, socket)
  say(host, `${isNew ? 'started' : 'it runs already'}: unix://${socket} (docker context ${context})`)
  const demo: Demo = { host, socket, port, client: clientAt(world, socket) }
  await clearEarlier(demo)
  await checkPort(demo)
  await makeImages(demo)
  await serve(demo)
  await surviveKill(demo)
  await throughRegistry(demo, root)
  const seconds = ((world.clock.monotonicMs() - started) / 1000).toFixed(1)
  terminal.stdout.write(farewell({ port, socket, context, root, seconds }))
  return 0
}

function farewell(of: { port: number; socket: string; context: string; root: string; seconds: string }): string {
  const where = of.root === mainRoot ? '' : ` --root ${of.root}`
  return `
Done in ${of.seconds} s. The application keeps running: curl http://127.0.0.1:${of.port}
The engine's socket:  unix://${of.socket}

What to try next:
  docker --context ${of.context} ps
  docker --context ${of.context} exec -it ${container} node -p process.version
  docker --context ${of.context} run --rm node:7 node -e 'console.log(6 * 7)'
  gantry status${where}
  gantry down${where} --purge      (stops and deletes everything)
`
}

function title({ terminal }: CommandHost, text: string): void {
  terminal.stdout.write(`\n== ${text}\n`)
}

function say({ terminal }: CommandHost, text: string): void {
  terminal.stdout.write(`   ${text}\n`)
}

/** Shows a docker command and runs it. @throws GantryError when it fails; its own words are on the screen then. */
async function docker({ host, socket }: Demo, argv: readonly string[]): Promise<void> {
  host.terminal.stdout.write(`$ docker ${argv.join(' ')}\n`)
  const { exitCode } = await host.docker(argv, { env: { DOCKER_HOST: `unix://${socket}` } })
  if (exitCode !== 0)
    throw new GantryError('ROLES_DEMO_FAILED', 'internal', `docker ${argv[0]} ended with ${exitCode}`, {
      remedy: 'The lines above say why. A new gantry demo starts over.',
    })
}

async function clearEarlier(demo: Demo): Promise<void> {
  const earlier = await inspect(demo)
  if (earlier === undefined) return
  if (earlier.Config.Labels?.[label] === undefined)
    throw new GantryError('ROLES_DEMO_NAME', 'conflict', `a container ${container} exists that no demo made`, {
      remedy: `Remove or rename it: docker rm -f ${container}. Or run the demo elsewhere: gantry demo --root DIR --port N.`,
    })
  say(demo.host, 'an earlier demo left its container; it is replaced')
  await demo.client.text('DELETE', `/containers/${container}`, { query: { force: true } })
}

async function inspect({ client }: Demo): Promise<Inspected | undefined> {
  try {
    return await client.json<Inspected>('GET', `/containers/${container}/json`)
  } catch (error) {
    if (error instanceof GantryError && error.kind === 'not-found') return undefined
    throw error
  }
}

async function checkPort({ host, port }: Demo): Promise<void> {
  try {
    const listener = await host.world.network.listen({ host: '0.0.0.0', port }, (socket) => socket.destroy())
    await listener[Symbol.asyncDispose]()
  } catch (cause) {
    if (errnoOf(cause) !== 'EADDRINUSE') throw cause
    throw new GantryError('ROLES_DEMO_PORT', 'conflict', `port ${port} of this machine is taken by another program`, {
      cause,
      remedy: `See who: ss -ltnp 'sport = :${port}'. Or choose another: gantry demo --port ${port + 1}`,
    })
  }
}

async function makeImages(demo: Demo): Promise<void> {
  const { host, client } = demo
  title(host, 'Making the base image node:7 (Debian packages and npm’s Node 7; no registry is asked)')
  const have = await client.json('GET', '/images/node:7/json').then(
    () => true,
    () => false,
  )
  if (have) say(host, 'it is here already')
  else await bootstrapThrough(client, { name: 'node:7' }, (line) => say(host, line))
  title(host, 'Building examples/kubia')
  await docker(demo, ['build', '-t', 'kubia', `${host.home}/examples/kubia`])
}

async function serve(demo: Demo): Promise<void> {
  const { host, port } = demo
  title(host, 'Running it')
  const options = ['--name', container, '--label', `${label}=1`, '--restart', 'always', '-p', `${port}:8080`]
  await docker(demo, ['run', '-d', ...options, 'kubia'])
  say(host, `http://127.0.0.1:${port} says: ${await fetchPage(demo)}`)
  await docker(demo, ['logs', container])
  await docker(demo, ['stats', '--no-stream', container])
}

/** Slow machines take their time to start what has just been built. */
const beginsWithinMs = 60_000

/** What the application answers, once it does. */
async function fetchPage({ host, port }: Demo): Promise<string> {
  const { clock } = host.world
  await using client = createHttpClient({ clock, keepAliveMs: 1 })
  const deadline = clock.monotonicMs() + beginsWithinMs
  for (;;) {
    try {
      const reply = await client.request({ url: `http://127.0.0.1:${port}/`, headersTimeoutMs: 5000 })
      return (await reply.text()).trim()
    } catch (cause) {
      if (clock.monotonicMs() > deadline)
        throw new GantryError('ROLES_DEMO_SILENT', 'unavailable', `http://127.0.0.1:${port} does not answer`, {
          cause,
          remedy: `See what it wrote: docker logs ${container}`,
        })
      await clock.sleep(100)
    }
  }
}

async function surviveKill(demo: Demo): Promise<void> {
  const { host } = demo
  const { clock, processes } = host.world
  title(host, 'Killing its process: --restart always brings it back')
  const before = await inspect(demo)
  if (before === undefined || before.State.Pid < 2)
    throw new GantryError('ROLES_DEMO_FAILED', 'internal', `${container} does not run`, {
      remedy: `See docker logs ${container}.`,
    })
  say(host, `kill -9 ${before.State.Pid}`)
  processes.kill(before.State.Pid, 'SIGKILL')
  const began = clock.monotonicMs()
  for (;;) {
    const now = await inspect(demo)
    if (now?.State.Running === true && now.State.Pid !== before.State.Pid && now.RestartCount > before.RestartCount)
      break
    if (clock.monotonicMs() - began > beginsWithinMs)
      throw new GantryError('ROLES_DEMO_FAILED', 'internal', `${container} was not started again`, {
        remedy: 'See the engine’s log in its root.',
      })
    await clock.sleep(20)
  }
  const page = await fetchPage(demo)
  say(host, `served again after ${Math.round(clock.monotonicMs() - began)} ms: ${page}`)
}

async function throughRegistry(demo: Demo, root: string): Promise<void> {
  const { host } = demo
  title(host, 'Pushing it to a registry on this machine, and pulling it back')
  await using registry = await createRegistry(host.world, { root: `${root}/demo-registry` })
  const reference = `127.0.0.1:${registry.address.port}/demo/kubia`
  await docker(demo, ['tag', 'kubia', reference])
  await docker(demo, ['push', reference])
  await docker(demo, ['rmi', reference])
  await docker(demo, ['pull', reference])
  await docker(demo, ['rmi', reference])
}
