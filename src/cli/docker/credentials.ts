/** Registry credentials: stored in `config.json`, or kept by a helper program (the docker-credential-* protocol). */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { StoredAuth } from './config-file.ts'
import { failure } from './exit.ts'
import type { Session } from './session.ts'

export interface AuthConfig {
  readonly username?: string
  readonly password?: string
  readonly email?: string
  readonly serveraddress?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
}

/** The key under which Docker Hub's credentials are kept. */
export const hubServer = 'https://index.docker.io/v1/'

/** The key of a registry's credentials. */
export function serverKey(domain: string): string {
  return domain === 'docker.io' || domain === 'index.docker.io' ? hubServer : domain
}

/** `https://host/v2/` as `host`. */
export function bareHost(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

/** Credentials for a server; empty when there are none. */
export async function readCredentials(session: Session, server: string): Promise<AuthConfig> {
  const helper = await helperFor(session, server)
  if (helper !== undefined) return (await askHelper(session, helper, server)) ?? {}
  const { auths = {} } = await session.config()
  const key = Object.hasOwn(auths, server)
    ? server
    : Object.keys(auths).find((candidate) => bareHost(candidate) === bareHost(server))
  return key === undefined ? {} : decodeAuth(auths[key] ?? {}, key)
}

/** Every stored credential, for builds. */
export async function readAllCredentials(session: Session): Promise<Readonly<Record<string, AuthConfig>>> {
  const { auths = {}, credHelpers = {} } = await session.config()
  const all: Record<string, AuthConfig> = {}
  for (const server of new Set([...Object.keys(auths), ...Object.keys(credHelpers)])) {
    const found = await readCredentials(session, server)
    if (Object.keys(found).length > 0) all[server] = found
  }
  return all
}

/** Keeps credentials; returns the file they went to when they lie there unencrypted. */
export async function storeCredentials(session: Session, auth: AuthConfig): Promise<string | undefined> {
  const server = auth.serveraddress ?? ''
  const config = await session.config()
  const helper = await helperFor(session, server)
  const secret = auth.identitytoken ?? auth.password ?? ''
  if (helper !== undefined) {
    const name = auth.identitytoken === undefined ? (auth.username ?? '') : '<token>'
    await runHelper(session, helper, {
      verb: 'store',
      input: JSON.stringify({ ServerURL: server, Username: name, Secret: secret }),
    })
    await session.saveConfig({ ...config, auths: { ...config.auths, [server]: {} } })
    return undefined
  }
  const entry: StoredAuth = {
    auth: Buffer.from(`${auth.username ?? ''}:${auth.identitytoken === undefined ? secret : ''}`).toString('base64'),
    ...(auth.identitytoken === undefined ? {} : { identitytoken: auth.identitytoken }),
  }
  await session.saveConfig({ ...config, auths: { ...config.auths, [server]: entry } })
  return `${session.configDirectory}/config.json`
}

/** Forgets a server's credentials; false when there were none. */
export async function eraseCredentials(session: Session, servers: readonly string[]): Promise<boolean> {
  const config = await session.config()
  const auths = { ...config.auths }
  let found = false
  for (const server of servers) {
    const helper = await helperFor(session, server)
    if (helper !== undefined) await runHelper(session, helper, { verb: 'erase', input: server })
    if (!Object.hasOwn(auths, server)) continue
    found = true
    delete auths[server]
  }
  if (found) await session.saveConfig({ ...config, auths })
  return found
}

function decodeAuth(stored: StoredAuth, server: string): AuthConfig {
  const text = Buffer.from(stored.auth ?? '', 'base64').toString()
  const colon = text.indexOf(':')
  return {
    ...(colon < 0 ? {} : { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') }),
    ...(stored.email === undefined ? {} : { email: stored.email }),
    ...(stored.identitytoken === undefined ? {} : { identitytoken: stored.identitytoken }),
    ...(stored.registrytoken === undefined ? {} : { registrytoken: stored.registrytoken }),
    serveraddress: server,
  }
}

async function helperFor(session: Session, server: string): Promise<string | undefined> {
  const { credHelpers = {}, credsStore } = await session.config()
  const name = credHelpers[server] ?? credHelpers[bareHost(server)] ?? credsStore
  return name === undefined || name === '' || !/^[\w.-]+$/.test(name) ? undefined : name
}

async function askHelper(session: Session, helper: string, server: string): Promise<AuthConfig | undefined> {
  let text: string
  try {
    text = await runHelper(session, helper, { verb: 'get', input: server })
  } catch (error) {
    if (messageOf(error).includes('credentials not found')) return undefined
    throw error
  }
  const { Username: username = '', Secret: secret = '' } = JSON.parse(text) as {
    readonly Username?: string
    readonly Secret?: string
  }
  return username === '<token>'
    ? { identitytoken: secret, serveraddress: server }
    : { username, password: secret, serveraddress: server }
}

async function runHelper(
  session: Session,
  helper: string,
  { verb, input }: { readonly verb: string; readonly input: string },
): Promise<string> {
  const program = `docker-credential-${helper}`
  const env = Object.fromEntries(
    Object.entries(session.io.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const result = await session.io.processes
    .run(program, [verb], { input, timeoutMs: 60_000, env })
    .catch((cause: unknown) => {
      throw failure(
        `error getting credentials - err: exec: "${program}": executable file not found in $PATH, out: \`\``,
        cause,
      )
    })
  if (result.exitCode !== 0)
    throw failure(
      `error getting credentials - err: exit status ${result.exitCode ?? -1}, out: \`${result.stdout.trim()}\``,
    )
  return result.stdout
}

/** The X-Registry-Auth header's value. */
export function encodeAuth(auth: AuthConfig | Readonly<Record<string, AuthConfig>>): string {
  return Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
