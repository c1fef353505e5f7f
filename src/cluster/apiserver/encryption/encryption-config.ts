/** EncryptionConfiguration (apiserver.config.k8s.io/v1): which resources are sealed in the store, with which keys in which order. */
import { array, object } from '#base/schema/composites.ts'
import { parseGoDurationMs } from '#base/data/duration.ts'
import { integer, literal, optional, refine, string } from '#base/schema/scalars.ts'
import type { OptionalSchema, Schema } from '#base/schema/schema.ts'
import { parseWith } from '#base/schema/validate.ts'
import { parseYaml } from '#kit/encoding/yaml.ts'
import { sealKeyBytes, type SealKind } from '#kit/tls/seal-value.ts'

interface Key {
  readonly name: string
  /** Base64. */
  readonly secret: string
}

interface Keys {
  readonly keys: readonly Key[]
}

/** A KMS plugin (v2). */
export interface KmsProvider {
  readonly name: string
  /** `unix:///PATH`. */
  readonly endpoint: string
  readonly timeoutMs: number
}

/** One provider; exactly one member is set. */
export interface Provider {
  readonly aesgcm?: Keys
  readonly aescbc?: Keys
  readonly secretbox?: Keys
  readonly identity?: object
  readonly kms?: KmsProvider
}

/** A checked configuration. */
export interface EncryptionConfig {
  readonly resources: readonly {
    /** `secrets`, `deployments.apps`, `*.apps`, `*.` (core) or `*.*`. */
    readonly resources: readonly string[]
    /** The first one seals; all of them open. */
    readonly providers: readonly Provider[]
  }[]
}

function keysFor(kind: SealKind): OptionalSchema<Keys> {
  const key: Schema<Key> = refine(
    object({ name: string({ lengthMin: 1 }), secret: string({ lengthMin: 1 }) }),
    ({ name, secret }) => {
      if (name.includes(':')) return "a key's name must not contain ':'"
      const bytes = /^[A-Za-z0-9+/]*={0,2}$/.test(secret) ? Buffer.from(secret, 'base64').length : -1
      if (bytes < 0) return 'secrets must be base64 encoded'
      const sizes = sealKeyBytes[kind]
      if (sizes.includes(bytes)) return undefined
      return `secret is not of the expected length, got ${bytes}, expected one of [${sizes.join(' ')}]`
    },
  )
  return optional(object({ keys: array(key, { lengthMin: 1 }) }))
}

interface KmsFile {
  readonly apiVersion?: string
  readonly name: string
  readonly endpoint: string
  readonly timeout?: string
  readonly cachesize?: number
}

interface ProviderFile extends Omit<Provider, 'kms'> {
  readonly kms?: KmsFile
}

const kmsTimeoutMsDefault = 3000

/** A time as the file has it; undefined for what is none. */
function timeoutOf(text: string): number | undefined {
  try {
    return parseGoDurationMs(text)
  } catch {
    return undefined
  }
}

function endpointProblem(endpoint: string): string | undefined {
  if (endpoint === '') return 'endpoint is a mandatory field for a kms'
  const [scheme = ''] = endpoint.split(':', 1)
  if (scheme !== 'unix') return `unsupported scheme ${JSON.stringify(scheme)} for KMS provider, only unix is supported`
  return /^unix:\/\/\/./.test(endpoint)
    ? undefined
    : `invalid endpoint for kms provider, error: ${endpoint} names no socket`
}

function kmsProblem({ apiVersion = 'v1', name, endpoint, timeout, cachesize }: KmsFile): string | undefined {
  if (apiVersion === 'v1')
    return 'KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.'
  if (apiVersion !== 'v2') return `unsupported apiVersion ${apiVersion} for KMS provider, only v1 and v2 are supported`
  if (name === '') return 'name is a mandatory field for a provider'
  if (name.includes(':')) return `invalid KMS provider name ${name}, must not contain ':'`
  const unreachable = endpointProblem(endpoint)
  if (unreachable !== undefined) return unreachable
  if (timeout !== undefined && (timeoutOf(timeout) ?? 0) <= 0) return 'timeout should be a positive value'
  return cachesize === undefined ? undefined : 'cachesize is not supported in v2'
}

const kms: Schema<KmsFile> = refine(
  object({
    apiVersion: optional(string()),
    name: string(),
    endpoint: string(),
    timeout: optional(string()),
    cachesize: optional(integer()),
  }),
  kmsProblem,
)

const provider: Schema<ProviderFile> = refine(
  object({
    kms: optional(kms),
    aesgcm: keysFor('aesgcm'),
    aescbc: keysFor('aescbc'),
    secretbox: keysFor('secretbox'),
    identity: optional(object({})),
  }),
  (one) => {
    const count = Object.values(one).filter((value) => value !== undefined).length
    if (count === 1) return undefined
    return count === 0
      ? 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity'
      : 'more than one provider specified in a single element, should split into different list elements'
  },
)

const resourceName: Schema<string> = refine(string({ lengthMin: 1 }), (name) => {
  if (/[A-Z]/.test(name)) return 'resource name should not contain capital letters'
  if (name === '*') return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
  if (name.endsWith('.events.k8s.io'))
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file"
  if (name.endsWith('.*') && name !== '*.*') return 'encrypting the same resource across groups is not supported'
  return undefined
})

const resourceNames: Schema<readonly string[]> = refine(array(resourceName, { lengthMin: 1 }), (names) => {
  if (new Set(names).size < names.length) return 'the same resource cannot be specified multiple times'
  const groupOf = (name: string): string => (name.includes('.') ? name.slice(name.indexOf('.') + 1) : '')
  const isMasked = names.some((name, index) =>
    names.some(
      (other, at) => at !== index && (other === '*.*' || (other.startsWith('*.') && groupOf(other) === groupOf(name))),
    ),
  )
  return isMasked
    ? "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked"
    : undefined
})

interface File {
  readonly resources: readonly { readonly resources: readonly string[]; readonly providers: readonly ProviderFile[] }[]
}

const schema: Schema<File> = refine(
  object({
    apiVersion: literal('apiserver.config.k8s.io/v1'),
    kind: literal('EncryptionConfiguration'),
    resources: array(object({ resources: resourceNames, providers: array(provider, { lengthMin: 1 }) }), {
      lengthMin: 1,
    }),
  }),
  ({ resources }) => maskedBy(resources.map((one) => one.resources)) ?? repeatedName(resources),
)

/** No two plugins have one name: it stands before what they seal. */
function repeatedName(resources: File['resources']): string | undefined {
  const names = resources.flatMap(({ providers }) => providers.flatMap((one) => one.kms?.name ?? []))
  const repeated = names.find((name, index) => names.indexOf(name) < index)
  return repeated === undefined ? undefined : `duplicate KMS provider name ${repeated}, names must be unique`
}

/** A rule that can never be reached behind a wider one. */
function maskedBy(lists: readonly (readonly string[])[]): string | undefined {
  const seen: string[] = []
  for (const names of lists) {
    for (const name of names) {
      const wide = `*.${name.includes('.') ? name.slice(name.indexOf('.') + 1) : ''}`
      const mask = seen.find((one) => one === '*.*' || one === wide || one === name)
      if (mask !== undefined) return `resource "${name}" is masked by earlier rule "${mask}"`
    }
    seen.push(...names)
  }
  return undefined
}

/** Reads a configuration file. @throws GantryError SCHEMA_INVALID, ENCODING_YAML. */
export function parseEncryptionConfig(text: string): EncryptionConfig {
  const { resources } = parseWith(schema, parseYaml(text).value, 'invalid encryption configuration')
  return {
    resources: resources.map(({ resources: names, providers }) => ({
      resources: names,
      providers: providers.map(asProvider),
    })),
  }
}

function asProvider({ kms: given, ...provider }: ProviderFile): Provider {
  if (given === undefined) return provider
  const { name, endpoint, timeout } = given
  return {
    kms: { name, endpoint, timeoutMs: (timeout === undefined ? undefined : timeoutOf(timeout)) ?? kmsTimeoutMsDefault },
  }
}
