/** The command line of `gantry registry`, read and checked; pure. */
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { lastValue, readFlags } from './command-flags.ts'
import type { CommandFlags } from './command-flags.ts'
import { absoluteRoot } from '#roles/engine/engine-places.ts'
import { durationMs } from '#roles/cluster/simulated-duration.ts'
import { usageError } from '#roles/usage-error.ts'

export const defaultRegistryRoot = '/var/lib/gantry-registry'

export const registryHelp: string = `Usage:  gantry registry [OPTIONS]

Run a registry of images in the foreground

Options:
      --root DIR            Keep images under DIR (default ${defaultRegistryRoot})
      --listen HOST:PORT    Where to listen (default 127.0.0.1:5000; port 0: a free one)
      --tlscert FILE        Speak TLS with this certificate; needs --tlskey
      --tlskey FILE         The certificate's key
      --htpasswd FILE       Ask for names and passwords of this file (bcrypt); needed to listen beyond loopback
      --auth KIND           basic: ask with every request (default); token: give out tokens of limited life for them
      --external-url URL    The address by which clients know the registry, behind a proxy
      --read-only           Refuse pushes
      --upstream HOST       Fetch what is not here from this registry (docker.io, registry.example:5000) and keep it
      --upstream-user NAME  Log in there as NAME, with the password in --upstream-password-file
      --upstream-password-file FILE
      --upstream-insecure   Speak http, or TLS without checking, with it
      --gc-interval TIME    Remove what no image needs every so often (30m, 12h, 7d); left out: never
      --gc-untagged         Remove images without a tag then too
      --help                Print this
`

export interface UpstreamFlags {
  readonly host: string
  readonly insecure: boolean
  readonly user: string | undefined
  readonly passwordFile: string | undefined
}

export interface RegistryFlags {
  readonly root: string
  readonly host: string
  readonly port: number
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | undefined
  readonly auth: { readonly kind: 'basic' | 'token'; readonly passwordFile: string } | undefined
  readonly externalUrl: string | undefined
  readonly readOnly: boolean
  readonly upstream: UpstreamFlags | undefined
  readonly garbage: { readonly everyMs: number; readonly removeUntagged: boolean } | undefined
}

/** Timers of the runtime end here. */
const intervalMsMax = 2 ** 31 - 1

function readAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) throw usageError('registry', `not an address to listen on: ${text}`)
  const host = match[1] ?? match[2] ?? ''
  return { host: host === '' ? '127.0.0.1' : host, port }
}

function readTime(text: string): number {
  try {
    const ms = durationMs(text)
    if (ms >= 1000 && ms <= intervalMsMax) return ms
  } catch (cause) {
    if (!isErrorKind(cause, 'invalid')) throw cause
  }
  throw usageError('registry', `--gc-interval: ${text} is no time from 1s to 24d; write 30m, 12h or 7d`)
}

/** Refuses flags that say something only beside another one. */
function checkCompanions(flags: CommandFlags): void {
  const given = (name: string): boolean => flags.values.has(name) || flags.switches.has(name)
  for (const [name, needed] of [
    ['tlscert', 'tlskey'],
    ['tlskey', 'tlscert'],
    ['auth', 'htpasswd'],
    ['upstream-user', 'upstream'],
    ['upstream-user', 'upstream-password-file'],
    ['upstream-password-file', 'upstream-user'],
    ['upstream-insecure', 'upstream'],
    ['gc-untagged', 'gc-interval'],
  ] as const)
    if (given(name) && !given(needed)) throw usageError('registry', `--${name} needs --${needed}`)
}

function readAuth(flags: CommandFlags, cwd: string): RegistryFlags['auth'] {
  const kind = lastValue(flags, 'auth') ?? 'basic'
  if (kind !== 'basic' && kind !== 'token') throw usageError('registry', `--auth: ${kind} is neither basic nor token`)
  const file = lastValue(flags, 'htpasswd')
  return file === undefined ? undefined : { kind, passwordFile: absoluteRoot(file, cwd) }
}

function readUpstream(flags: CommandFlags, cwd: string): UpstreamFlags | undefined {
  const host = lastValue(flags, 'upstream')
  if (host === undefined) return undefined
  if (!/^([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/.test(host))
    throw usageError('registry', `--upstream: ${host} is no registry's host; write docker.io or registry.example:5000`)
  const passwordFile = lastValue(flags, 'upstream-password-file')
  return {
    host,
    insecure: flags.switches.has('upstream-insecure'),
    user: lastValue(flags, 'upstream-user'),
    passwordFile: passwordFile === undefined ? undefined : absoluteRoot(passwordFile, cwd),
  }
}

function readTls(flags: CommandFlags, cwd: string): RegistryFlags['tls'] {
  const [certificate, key] = [lastValue(flags, 'tlscert'), lastValue(flags, 'tlskey')]
  if (certificate === undefined || key === undefined) return undefined
  return { certificateFile: absoluteRoot(certificate, cwd), keyFile: absoluteRoot(key, cwd) }
}

function readExternalUrl(flags: CommandFlags): string | undefined {
  const url = lastValue(flags, 'external-url')
  if (url === undefined) return undefined
  if (!URL.canParse(url) || !/^https?:\/\//.test(url))
    throw usageError('registry', `--external-url: ${url} is no http or https URL`)
  return url.replace(/\/+$/, '')
}

/** Reads the command line; 'help' when that was asked. @throws GantryError for what makes no sense or is not safe. */
export function parseRegistryFlags(argv: readonly string[], cwd: string): RegistryFlags | 'help' {
  const flags = readFlags(
    {
      command: 'registry',
      valued: [
        ...['root', 'listen', 'htpasswd', 'tlscert', 'tlskey', 'auth', 'external-url', 'upstream', 'upstream-user'],
        ...['upstream-password-file', 'gc-interval'],
      ],
      switches: ['read-only', 'upstream-insecure', 'gc-untagged'],
    },
    argv,
  )
  if (flags.switches.has('help')) return 'help'
  checkCompanions(flags)
  const { host, port } = readAddress(lastValue(flags, 'listen') ?? '127.0.0.1:5000')
  const auth = readAuth(flags, cwd)
  if (auth === undefined && !/^(127\.|::1$|localhost$)/.test(host))
    throw usageError('registry', `${host}: without --htpasswd only loopback addresses are listened on`)
  const interval = lastValue(flags, 'gc-interval')
  return {
    root: absoluteRoot(lastValue(flags, 'root') ?? defaultRegistryRoot, cwd),
    host,
    port,
    tls: readTls(flags, cwd),
    auth,
    externalUrl: readExternalUrl(flags),
    readOnly: flags.switches.has('read-only'),
    upstream: readUpstream(flags, cwd),
    garbage:
      interval === undefined
        ? undefined
        : { everyMs: readTime(interval), removeUntagged: flags.switches.has('gc-untagged') },
  }
}
