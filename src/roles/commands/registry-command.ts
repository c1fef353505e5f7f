/** `gantry registry`: runs a registry in the foreground until it is told to stop. */
import { GantryError, errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import { createRegistryClient } from '#clients/registry/registry-client.ts'
import { createClientUpstream } from '#registry/proxy/client-upstream.ts'
import type { UpstreamRegistry } from '#registry/proxy/pull-through.ts'
import { createRegistry } from '#registry/registry.ts'
import type { RegistryAuthConfig, RegistryConfig } from '#registry/registry.ts'
import type { Files } from '#world/ports/files.ts'
import type { World } from '#world/ports/world.ts'
import type { CommandHost } from './command-host.ts'
import { openCommandLog } from './command-log.ts'
import { parseRegistryFlags, registryHelp } from './registry-flags.ts'
import type { RegistryFlags, UpstreamFlags } from './registry-flags.ts'

const fileBytesMax = 1 << 20

async function readGiven(files: Files, path: string, what: string): Promise<string> {
  try {
    return await files.readText(path, { maxBytes: fileBytesMax })
  } catch (cause) {
    throw new GantryError('ROLES_REGISTRY_FILE', 'invalid', `cannot read the ${what} ${path}: ${messageOf(cause)}`, {
      cause,
      remedy: 'Check the path and who may read it.',
    })
  }
}

/** Tokens are for the registry by the name that its clients use. */
function authOf({ auth, externalUrl, host, port }: RegistryFlags): RegistryAuthConfig {
  if (auth === undefined) return { kind: 'none' }
  if (auth.kind === 'basic') return { kind: 'htpasswd', path: auth.passwordFile }
  const service = externalUrl === undefined ? `${host}:${port}` : new URL(externalUrl).host
  return { kind: 'token', passwordFile: auth.passwordFile, service, issuer: 'gantry registry' }
}

async function configOf(files: Files, flags: RegistryFlags): Promise<RegistryConfig> {
  const { root, host, port, tls, readOnly, externalUrl, garbage } = flags
  const served =
    tls === undefined
      ? undefined
      : {
          certificate: await readGiven(files, tls.certificateFile, 'certificate'),
          key: await readGiven(files, tls.keyFile, 'key'),
        }
  return {
    root,
    listen: { host, port, ...(served === undefined ? {} : { tls: served }) },
    auth: authOf(flags),
    readOnly,
    ...(externalUrl === undefined ? {} : { externalUrl }),
    ...(garbage === undefined ? {} : { garbage }),
  }
}

/** The registry in front of which this one stands; its connections end with the scope. */
async function openUpstream(
  scope: AsyncDisposableStack,
  world: World,
  { host, insecure, user, passwordFile }: UpstreamFlags,
): Promise<UpstreamRegistry> {
  const client = scope.use(createRegistryClient(world, insecure ? { insecure: [host] } : {}))
  if (user === undefined || passwordFile === undefined) return createClientUpstream(client, { host })
  const password = (await readGiven(world.files, passwordFile, 'password')).replace(/\r?\n$/, '')
  return createClientUpstream(client, { host, credentials: { username: user, password } })
}

/** Runs the command. @returns the exit code. */
export async function runRegistryCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const flags = parseRegistryFlags(argv, world.processes.self.cwd)
  if (flags === 'help') {
    terminal.stdout.write(registryHelp)
    return 0
  }
  const log = openCommandLog({ world, terminal }, 'info')
  const stop = Promise.withResolvers<string>()
  using _ = terminal.onSignal(['SIGINT', 'SIGTERM'], stop.resolve)
  await using scope = new AsyncDisposableStack()
  const upstream = flags.upstream === undefined ? undefined : await openUpstream(scope, world, flags.upstream)
  const deps = {
    ...world,
    onFault: (error: unknown, where: string): void => log.warn('a request failed', { where, error }),
    ...(upstream === undefined ? {} : { upstream }),
  }
  try {
    await using registry = await createRegistry(deps, await configOf(world.files, flags))
    log.info('registry ready', { listening: registry.url, root: flags.root })
    log.info('registry stopping', { signal: await stop.promise })
  } catch (cause) {
    if (errnoOf(cause) !== 'EADDRINUSE') throw cause
    throw new GantryError('ROLES_PORT_TAKEN', 'conflict', `${flags.host}:${flags.port} is taken by another program`, {
      cause,
      remedy: 'Choose another address with --listen; port 0 finds a free one.',
    })
  }
  return 0
}
