/** EncryptionConfiguration (apiserver.config.k8s.io/v1): which resources are sealed in the store, with which keys in which order. */
import { array, object } from '#base/schema/composites.ts'
import { literal, optional, refine, string } from '#base/schema/scalars.ts'
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

/** One provider; exactly one member is set. */
export interface Provider {
  readonly aesgcm?: Keys
  readonly aescbc?: Keys
  readonly secretbox?: Keys
  readonly identity?: object
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

const provider: Schema<Provider> = refine(
  object({
    aesgcm: keysFor('aesgcm'),
    aescbc: keysFor('aescbc'),
    secretbox: keysFor('secretbox'),
    identity: optional(object({})),
  }),
  (one) => {
    const count = Object.values(one).filter((value) => value !== undefined).length
    if (count === 1) return undefined
    return count === 0
      ? 'provider does not contain any of the expected providers: AESGCM, AESCBC, Secretbox, Identity'
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

const schema: Schema<EncryptionConfig> = refine(
  object({
    apiVersion: literal('apiserver.config.k8s.io/v1'),
    kind: literal('EncryptionConfiguration'),
    resources: array(object({ resources: resourceNames, providers: array(provider, { lengthMin: 1 }) }), {
      lengthMin: 1,
    }),
  }),
  ({ resources }) => maskedBy(resources.map((one) => one.resources)),
)

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
  return parseWith(schema, parseYaml(text).value, 'invalid encryption configuration')
}
