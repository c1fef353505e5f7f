/** The command line of `gantry server`; pure. */
import { isAbsolute, resolve } from 'node:path'
import type { GantryError } from '#base/errors/gantry-error.ts'
import {
  type AuthorizationFlags,
  authorizationHelp,
  authorizationProblem,
  authorizationReaders,
  defaultAuthorization,
} from './authorization-flags.ts'
import { auditProblem } from './audit-flags.ts'
import { type CredentialFlags, credentialReaders, credentialsHelp, defaultCredentials } from './server-credentials.ts'
import { oidcProblem, oidcReaders } from './oidc-flags.ts'
import { defaultNetwork, type NetworkFlags, networkHelp, networkReaders } from './server-network.ts'
import { defaultSecurity, type SecurityFlags, securityHelp, securityReaders } from './server-security.ts'
import { usageError } from '#roles/usage-error.ts'

export const serverHelp: string = `Usage:  gantry server --root DIR [OPTIONS]
        gantry server export --root DIR --output FILE

Run a control plane in the foreground

Options:
      --root DIR            Keep everything under DIR, DIR/admin.kubeconfig included
      --listen HOST:PORT    Where the API is served (default 127.0.0.1:6443; port 0 chooses a free one)
      --simulated-nodes N   Add N nodes that pretend to run pods (default 0)
      --controllers LIST    Which controllers run: '*' for all, 'foo' for one more, '-foo' for one less (default *)
      --scheduler-config FILE   Profiles, plugins and back-off (kubescheduler.config.k8s.io/v1)
      --etcd-servers URLS   Keep the objects in etcd, URL[,URL...] of its members, instead of DIR/cluster.db
      --etcd-cafile FILE    Trust the members' certificates by this authority
      --etcd-certfile FILE  Show the members this certificate
      --etcd-keyfile FILE   Its key
      --etcd-prefix PREFIX  Goes before every key in etcd (default /gantry)
${networkHelp}${credentialsHelp}${authorizationHelp}${securityHelp}      --log-level L         debug, info, warn or error (default info)
      --help                Print this
`

/** Where etcd is and what to show it: paths of PEM files. */
export interface EtcdFlags {
  readonly servers: readonly string[]
  readonly authorityFile: string | undefined
  readonly certificateFile: string | undefined
  readonly keyFile: string | undefined
  readonly prefix: string | undefined
}

export interface ServerFlags {
  readonly root: string
  readonly host: string
  readonly port: number
  readonly simulatedNodes: number
  readonly controllers: readonly string[]
  /** Path of a KubeSchedulerConfiguration. */
  readonly schedulerFile: string | undefined
  readonly etcd: EtcdFlags | undefined
  readonly security: SecurityFlags
  readonly network: NetworkFlags
  readonly credentials: CredentialFlags
  readonly authorization: AuthorizationFlags
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

interface Gathered extends Omit<ServerFlags, 'etcd'> {
  readonly etcd: EtcdFlags
}

/** What a flag's value changes; undefined for a value that it cannot have. */
type Read = (value: string, so: Gathered, cwd: string) => Gathered | undefined

const readers: Readonly<Record<string, Read>> = {
  '--root': (value, so, cwd) => ({ ...so, root: absolute(value, cwd) }),
  '--listen': (value, so) => {
    const address = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(value)
    if (address === null) return undefined
    return { ...so, host: (address[1] ?? '').replace(/^\[(.*)\]$/, '$1'), port: Number(address[2]) }
  },
  '--simulated-nodes': (value, so) => (/^\d{1,5}$/.test(value) ? { ...so, simulatedNodes: Number(value) } : undefined),
  '--controllers': (value, so) => ({ ...so, controllers: value.split(',').map((name) => name.trim()) }),
  '--scheduler-config': (value, so, cwd) => ({ ...so, schedulerFile: absolute(value, cwd) }),
  '--log-level': (value, so) =>
    /^(?:debug|info|warn|error)$/.test(value) ? { ...so, logLevel: value as ServerFlags['logLevel'] } : undefined,
  '--etcd-servers': (value, so) => {
    const servers = value.split(',').map((url) => url.trim().replace(/\/$/, ''))
    if (!servers.every((url) => /^https?:\/\/(?:\[[\da-f:]+\]|[\w.-]+)(?::\d{1,5})?$/i.test(url))) return undefined
    return { ...so, etcd: { ...so.etcd, servers } }
  },
  '--etcd-cafile': (value, so, cwd) => ({ ...so, etcd: { ...so.etcd, authorityFile: absolute(value, cwd) } }),
  '--etcd-certfile': (value, so, cwd) => ({ ...so, etcd: { ...so.etcd, certificateFile: absolute(value, cwd) } }),
  '--etcd-keyfile': (value, so, cwd) => ({ ...so, etcd: { ...so.etcd, keyFile: absolute(value, cwd) } }),
  '--etcd-prefix': (value, so) =>
    value.includes('\0') || !value.isWellFormed() ? undefined : { ...so, etcd: { ...so.etcd, prefix: value } },
}

const noEtcd: EtcdFlags = {
  servers: [],
  authorityFile: undefined,
  certificateFile: undefined,
  keyFile: undefined,
  prefix: undefined,
}

function absolute(path: string, cwd: string): string {
  return isAbsolute(path) ? path : resolve(cwd, path)
}

/** A command line that the command does not have. */
export function serverUsage(message: string): GantryError {
  return usageError('server', message)
}

/** Reads the command line. @throws GantryError for flags that there are not. */
export function parseServerFlags(argv: readonly string[], cwd: string): ServerFlags | 'help' {
  let so: Gathered = {
    ...{
      root: '',
      host: '127.0.0.1',
      port: 6443,
      simulatedNodes: 0,
      controllers: ['*'],
      schedulerFile: undefined,
      etcd: noEtcd,
      security: defaultSecurity,
      network: defaultNetwork,
      credentials: defaultCredentials,
      authorization: defaultAuthorization,
      logLevel: 'info',
    },
  }
  const words = argv.flatMap((word) =>
    /^--[a-z-]+=/.test(word) ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word],
  )
  for (let index = 0; index < words.length; index += 2) {
    const name = words[index] ?? ''
    const value = words[index + 1]
    if (name === '--help' || name === '-h') return 'help'
    if (!name.startsWith('-')) throw serverUsage(`unexpected word: ${name}`)
    if (value === undefined) throw serverUsage(`flag needs an argument: ${name}`)
    const next =
      readers[name]?.(value, so, cwd) ?? withNetwork(name, value, so) ?? withSecurity(name, value, { so, cwd })
    if (next === undefined) throw serverUsage(`unknown flag or value: ${name} ${value}`)
    so = next
  }
  const problem = problemOf(so)
  if (problem !== undefined) throw serverUsage(problem)
  return { ...so, etcd: etcdOf(so.etcd) }
}

/** Flags that cannot go together, or are missing. */
function problemOf({ root, security, credentials, authorization }: Gathered): string | undefined {
  if (root === '') return '--root is needed: the folder that holds the cluster'
  return (
    auditProblem(security.audit) ??
    oidcProblem(credentials.oidc, credentials.authenticationFile) ??
    authorizationProblem(authorization)
  )
}

function withNetwork(name: string, value: string, so: Gathered): Gathered | undefined {
  const network = networkReaders[name]?.(value, so.network)
  return network === undefined ? undefined : { ...so, network }
}

function withSecurity(
  name: string,
  value: string,
  { so, cwd }: { readonly so: Gathered; readonly cwd: string },
): Gathered | undefined {
  const complete = (path: string): string => absolute(path, cwd)
  const security = securityReaders[name]?.(value, so.security, complete)
  if (security !== undefined) return { ...so, security }
  const credentials = credentialReaders[name]?.(value, so.credentials, complete)
  if (credentials !== undefined) return { ...so, credentials }
  const authorization = authorizationReaders[name]?.(value, so.authorization, complete)
  if (authorization !== undefined) return { ...so, authorization }
  const oidc = oidcReaders[name]?.(value, so.credentials.oidc, complete)
  return oidc === undefined ? undefined : { ...so, credentials: { ...so.credentials, oidc } }
}

/** The etcd flags, when there are any. @throws GantryError for some without the others. */
function etcdOf(etcd: EtcdFlags): EtcdFlags | undefined {
  const { servers, certificateFile, keyFile } = etcd
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw serverUsage('--etcd-certfile and --etcd-keyfile go together')
  if (servers.length > 0) return etcd
  if (Object.values(etcd).some((value) => typeof value === 'string'))
    throw serverUsage('--etcd-servers is needed: where etcd is')
  return undefined
}
