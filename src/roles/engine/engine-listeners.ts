/**
 * Where an engine listens, from its command line: unix sockets for a group of users, TCP on loopback, and TCP anywhere
 * with TLS and client certificates (flags as dockerd's: `--tlsverify --tlscacert --tlscert --tlskey`).
 */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { findGroupId } from '#kit/http/group-id.ts'
import type { ListenAddress, ServerTls } from '#kit/http/listen-address.ts'
import type { Files } from '#world/ports/files.ts'
import { usageError } from '#roles/usage-error.ts'

/** What the command line says about listening. */
export interface ListenFlags {
  readonly hosts: readonly string[]
  readonly tls: boolean
  /** Clients need a certificate of the authority; implies `tls`. */
  readonly tlsVerify: boolean
  readonly authorityFile: string | undefined
  readonly certificateFile: string | undefined
  readonly keyFile: string | undefined
  /** Group that may use unix sockets; undefined: `docker`, else `gantry`, where the machine has such a group. */
  readonly group: string | undefined
}

export type ParsedHost = { readonly unix: string } | { readonly host: string; readonly port: number }

const pemBytesMax = 1 << 20
const defaultGroups = ['docker', 'gantry']

/** `unix:///path` or `tcp://host:port`. @throws GantryError when it is neither. */
export function parseHost(text: string): ParsedHost {
  if (text.startsWith('unix:///')) return { unix: text.slice('unix://'.length) }
  const match = /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^:/\s]*):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match === null || port > 65_535) throw usageError('engine', `not an address to listen on: ${text}`)
  const host = match[1] === '' ? '127.0.0.1' : (match[1] ?? '').replace(/^\[(.*)\]$/, '$1')
  return { host, port }
}

const isLoopback = (host: string): boolean => /^(127\.|::1$|localhost$)/.test(host)

/**
 * Refuses what would hand the machine to strangers, and flags that miss each other.
 * @throws GantryError invalid.
 */
export function checkListenFlags(flags: ListenFlags): void {
  checkFiles(flags)
  for (const text of flags.hosts) {
    const parsed = parseHost(text)
    if ('unix' in parsed || isLoopback(parsed.host) || flags.tlsVerify) continue
    throw usageError(
      'engine',
      flags.tls
        ? `${text}: beyond loopback clients must show a certificate: use --tlsverify`
        : `${text}: without TLS only loopback addresses are listened on`,
    )
  }
}

function checkFiles(flags: ListenFlags): void {
  const secured = flags.tls || flags.tlsVerify
  const files = [flags.authorityFile, flags.certificateFile, flags.keyFile]
  if (!secured && files.some((file) => file !== undefined))
    throw usageError('engine', '--tlscacert, --tlscert and --tlskey say something only with --tlsverify or --tls')
  if (secured && (flags.certificateFile === undefined || flags.keyFile === undefined))
    throw usageError('engine', 'TLS needs --tlscert and --tlskey')
  if (flags.tlsVerify && flags.authorityFile === undefined)
    throw usageError('engine', '--tlsverify needs --tlscacert, the authority of its clients')
}

async function readPem(files: Files, path: string, what: string): Promise<string> {
  try {
    return await files.readText(path, { maxBytes: pemBytesMax })
  } catch (error) {
    throw new GantryError('ROLES_TLS_FILE', 'invalid', `cannot read the ${what} ${path}: ${messageOf(error)}`, {
      cause: error,
      remedy: 'Check the path and who may read it.',
    })
  }
}

async function readTls(files: Files, flags: ListenFlags): Promise<ServerTls | undefined> {
  if (!flags.tls && !flags.tlsVerify) return undefined
  const [certificate, key, authority] = await Promise.all([
    readPem(files, flags.certificateFile ?? '', 'certificate'),
    readPem(files, flags.keyFile ?? '', 'key'),
    flags.authorityFile === undefined ? undefined : readPem(files, flags.authorityFile, 'authority'),
  ])
  return {
    certificate,
    key,
    ...(authority === undefined ? {} : { clientAuthorities: authority }),
    ...(flags.tlsVerify ? { clientCertificate: 'require' } : {}),
    // Attached clients take the connection over, which HTTP/2 has no way for.
    http2: false,
  }
}

async function groupOf(files: Files, wanted: string | undefined): Promise<number | undefined> {
  const found = await findGroupId(files, wanted === undefined ? defaultGroups : [wanted])
  if (found === undefined && wanted !== undefined)
    throw new GantryError('ROLES_GROUP_UNKNOWN', 'invalid', `group ${wanted} not found`, {
      remedy: `Make it with groupadd ${wanted}, or leave --group out.`,
    })
  return found
}

/**
 * The addresses to listen on, certificates read and the group looked up.
 * @throws GantryError for flags that make no sense together, files that cannot be read, and an unknown group.
 */
export async function planListeners(files: Files, flags: ListenFlags): Promise<ListenAddress[]> {
  checkListenFlags(flags)
  const tls = await readTls(files, flags)
  const groupId = await groupOf(files, flags.group)
  return flags.hosts.map((text) => {
    const parsed = parseHost(text)
    if ('unix' in parsed) return { ...parsed, mode: 0o660, ...(groupId === undefined ? {} : { groupId }) }
    return { ...parsed, ...(tls === undefined ? {} : { tls }) }
  })
}
