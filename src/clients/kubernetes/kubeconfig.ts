/** Kubeconfig files: where the server is, whom to trust, and who the caller is. */
import { parse } from 'yaml'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'

/** What one context of a kubeconfig comes to. Certificates and keys are PEM texts. */
export interface Connection {
  readonly url: string
  readonly authority?: string
  /** Trust any certificate: only when the file says so. */
  readonly insecure?: boolean
  readonly serverName?: string
  readonly certificate?: string
  readonly key?: string
  readonly token?: string
  readonly namespace?: string
}

function fail(message: string, cause?: unknown): GantryError {
  return new GantryError('KUBECONFIG_INVALID', 'invalid', message, {
    cause,
    remedy: 'Check the file with kubectl config view.',
  })
}

/** The entry of a name in the list of its kind: `contexts`, `clusters` or `users`. */
function entry(config: JsonObject, member: 'context' | 'cluster' | 'user', name: string): JsonObject {
  const list = config[`${member}s`]
  const rows: readonly unknown[] = Array.isArray(list) ? list : []
  const row = rows.find((one): one is JsonObject => isJsonObject(one) && one['name'] === name)
  const value = row?.[member]
  if (!isJsonObject(value)) throw fail(`the kubeconfig has no ${member} ${JSON.stringify(name)}`)
  return value
}

function text(object: JsonObject, name: string): string | undefined {
  const value = object[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A member given inside the file (base64) or as a path, which `readFile` reads. */
async function pem(
  object: JsonObject,
  name: string,
  readFile: (path: string) => Promise<string>,
): Promise<string | undefined> {
  const inline = text(object, `${name}-data`)
  if (inline !== undefined) return Buffer.from(inline, 'base64').toString()
  const path = text(object, name)
  return path === undefined ? undefined : readFile(path)
}

export interface KubeconfigOptions {
  /** The current one unless told. */
  readonly context?: string
  /** Reads files that the kubeconfig points to; relative paths are as in the file. */
  readonly readFile: (path: string) => Promise<string>
}

/** Reads a kubeconfig's text. @throws GantryError KUBECONFIG_INVALID. */
export async function readKubeconfig(source: string, options: KubeconfigOptions): Promise<Connection> {
  let config: unknown
  try {
    config = parse(source, { maxAliasCount: 100 })
  } catch (error) {
    throw fail(`the kubeconfig cannot be read: ${messageOf(error)}`, error)
  }
  if (!isJsonObject(config)) throw fail('the kubeconfig is not an object')
  const name = options.context ?? text(config, 'current-context')
  if (name === undefined) throw fail('the kubeconfig has no current context')
  const context = entry(config, 'context', name)
  const cluster = entry(config, 'cluster', text(context, 'cluster') ?? '')
  const userName = text(context, 'user')
  const user = userName === undefined ? {} : entry(config, 'user', userName)
  const url = text(cluster, 'server')
  if (url === undefined) throw fail('the cluster has no server')
  const { readFile } = options
  const tokenFile = text(user, 'tokenFile')
  const parts = {
    authority: await pem(cluster, 'certificate-authority', readFile),
    serverName: text(cluster, 'tls-server-name'),
    certificate: await pem(user, 'client-certificate', readFile),
    key: await pem(user, 'client-key', readFile),
    token: tokenFile === undefined ? text(user, 'token') : (await readFile(tokenFile)).trim(),
    namespace: text(context, 'namespace'),
  }
  const known = Object.entries(parts).filter(([, value]) => value !== undefined)
  return {
    url,
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
    ...Object.fromEntries(known),
  }
}
