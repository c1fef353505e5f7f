/** Finds the engine to talk to: `--host`, `--context`, GANTRY_HOST, DOCKER_HOST, DOCKER_CONTEXT, the current context, defaults. */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { EngineEndpoint } from '#clients/docker/engine-client.ts'
import type { TlsTarget } from '#world/ports/dialer.ts'
import type { CliIo } from './cli-io.ts'
import type { ContextStore, TlsFiles } from './context-store.ts'
import { exitWith, failure } from './exit.ts'

export interface GlobalOptions {
  readonly hosts: readonly string[]
  readonly context: string
  readonly config: string
  readonly tls: boolean
  readonly tlsVerify: boolean
  readonly tlsCa: string
  readonly tlsCert: string
  readonly tlsKey: string
  readonly debug: boolean
}

export interface EndpointChoice {
  /** The context's name; `default` when a host was given or nothing was chosen. */
  readonly context: string
  readonly host: string
}

/** What an endpoint's TLS settings may come from. */
export interface EndpointSources {
  readonly options: GlobalOptions
  /** The store is opened only for a context that has settings of its own: it costs a tenth of a short command. */
  readonly contexts: () => Promise<ContextStore>
}

const gantrySocket = '/run/gantry/docker.sock'
const dockerSocket = '/var/run/docker.sock'

/** Which context is meant, without reading it. `current` is the configuration's. */
export function chosenContext(
  io: CliIo,
  options: GlobalOptions,
  current: () => Promise<string>,
): Promise<string> | string {
  if (options.context !== '' && options.hosts.length > 0)
    throw failure('conflicting options: cannot specify both --host and --context')
  if (options.context !== '') return options.context
  if (options.hosts.length > 0 || hostFromEnv(io) !== '') return 'default'
  const fromEnv = io.env['DOCKER_CONTEXT'] ?? ''
  return fromEnv === '' ? current() : fromEnv
}

function hostFromEnv(io: CliIo): string {
  const gantry = io.env['GANTRY_HOST'] ?? ''
  return gantry === '' ? (io.env['DOCKER_HOST'] ?? '') : gantry
}

/** The host of the default context. */
export async function defaultHost(io: CliIo, options: GlobalOptions): Promise<string> {
  const given = options.hosts[0] ?? hostFromEnv(io)
  if (given !== '') return normaliseHost(given, options.tls || options.tlsVerify)
  return `unix://${(await io.files.exists(gantrySocket)) ? gantrySocket : dockerSocket}`
}

/** Completes a host: `host` is `tcp://host:2375`, `unix://` the default socket. */
export function normaliseHost(text: string, tls: boolean): string {
  const host = text.trim()
  if (host === 'unix://') return `unix://${dockerSocket}`
  if (/^(unix|ssh|fd|npipe|http|https):\/\//.test(host)) return host
  const rest = host.replace(/^tcp:\/\//, '')
  if (rest.includes('://')) throw failure(`invalid bind address format: ${host}`)
  const port = tls ? 2376 : 2375
  if (rest === '') return `tcp://localhost:${port}`
  return `tcp://${/:\d+$/.test(rest.replace(/\/.*$/, '')) ? rest : `${rest}:${port}`}`
}

/** Makes the endpoint for a choice. Nothing is dialled yet. */
export async function openEndpoint(
  io: CliIo,
  choice: EndpointChoice,
  { options, contexts }: EndpointSources,
): Promise<EngineEndpoint> {
  const { host } = choice
  const unix = /^unix:\/\/(.+)$/.exec(host)?.[1]
  if (unix !== undefined) return { address: host, host: 'docker', dial: (signal) => io.dialer.unix(unix, signal) }
  if (host.startsWith('ssh://')) return sshEndpoint(io, host)
  const match = /^(tcp|http|https):\/\/(?:\[([^\]]+)\]|([^:/]+)):(\d+)/.exec(host)
  if (match === null) throw exitWith(1, `unable to parse docker host \`${host}\``)
  const name = match[2] ?? match[3] ?? ''
  const port = Number(match[4])
  const tls = await tlsSettings(io, choice, { options, contexts })
  if (tls === undefined && match[1] !== 'https')
    return { address: host, host: `${name}:${port}`, dial: (signal) => io.dialer.tcp(name, port, signal) }
  const target: TlsTarget = { host: name, port, verify: true, ...tls }
  return { address: host, host: `${name}:${port}`, dial: (signal) => io.dialer.tls(target, signal) }
}

type TlsMaterial = Omit<TlsTarget, 'host' | 'port'>

async function tlsSettings(
  io: CliIo,
  choice: EndpointChoice,
  { options, contexts }: EndpointSources,
): Promise<TlsMaterial | undefined> {
  if (choice.context !== 'default') {
    const store = await contexts()
    const files = await store.tls(choice.context)
    const document = await store.read(choice.context)
    return Object.keys(files).length === 0
      ? undefined
      : fromFiles(files, document.Endpoints['docker']?.SkipTLSVerify !== true)
  }
  const verify = options.tlsVerify || (io.env['DOCKER_TLS_VERIFY'] ?? '') !== ''
  if (!verify && !options.tls) return undefined
  const directory = io.env['DOCKER_CERT_PATH'] ?? options.config
  const [ca, certificate, key] = await Promise.all([
    readPem(io, options.tlsCa, { fallback: `${directory}/ca.pem`, needed: false }),
    readPem(io, options.tlsCert, { fallback: `${directory}/cert.pem`, needed: false }),
    readPem(io, options.tlsKey, { fallback: `${directory}/key.pem`, needed: false }),
  ])
  return material({ ca, certificate, key }, verify)
}

function fromFiles(files: TlsFiles, verify: boolean): TlsMaterial {
  return material(
    { ca: files['docker/ca.pem'], certificate: files['docker/cert.pem'], key: files['docker/key.pem'] },
    verify,
  )
}

function material(
  parts: {
    readonly ca: string | undefined
    readonly certificate: string | undefined
    readonly key: string | undefined
  },
  verify: boolean,
): TlsMaterial {
  return {
    verify,
    ...(parts.ca === undefined ? {} : { ca: parts.ca }),
    ...(parts.certificate === undefined ? {} : { certificate: parts.certificate }),
    ...(parts.key === undefined ? {} : { key: parts.key }),
  }
}

async function readPem(
  io: CliIo,
  path: string,
  { fallback }: { readonly fallback: string; readonly needed: boolean },
): Promise<string | undefined> {
  const from = path === '' ? fallback : path
  if (path === '' && !(await io.files.exists(from))) return undefined
  try {
    return await io.files.readText(from, { maxBytes: 1024 * 1024 })
  } catch (cause) {
    throw failure(`could not read ${from}: ${messageOf(cause)}`, cause)
  }
}

/** `ssh://user@host:port/path` runs `docker system dial-stdio` over there. */
function sshEndpoint(io: CliIo, host: string): EngineEndpoint {
  const match = /^ssh:\/\/(?:([^@/]+)@)?([^:/]+)(?::(\d+))?(\/.*)?$/.exec(host)
  if (match === null || match[2]?.startsWith('-') === true || match[1]?.startsWith('-') === true)
    throw failure(`unable to parse docker host \`${host}\``)
  const args = [
    ...(match[1] === undefined ? [] : ['-l', match[1]]),
    ...(match[3] === undefined ? [] : ['-p', match[3]]),
    '-o',
    'ConnectTimeout=30',
    '-T',
    '--',
    match[2] ?? '',
  ]
  const path = (match[4] ?? '/') === '/' ? [] : ['--host', `unix://${match[4] ?? ''}`]
  return {
    address: host,
    host: 'docker',
    dial: () => io.dialer.program('ssh', [...args, 'docker', ...path, 'system', 'dial-stdio']),
  }
}
