/**
 * Seals and opens stored values by their key's resource. Sealed values begin with `k8s:enc:KIND:v1:KEYNAME:`, as in upstream;
 * the first provider seals, and each is tried in order to open.
 */
import { createValueSeal, type SealKind, type ValueSeal } from '#kit/tls/seal-value.ts'
import type { Random } from '#world/ports/random.ts'
import { splitKey } from '../cache/object-cache.ts'
import type { KmsKeys } from './kms-keys.ts'
import { sealedValue } from './sealed-value.ts'
import type { EncryptionConfig, Provider } from './encryption-config.ts'

const sealedMark = Buffer.from('k8s:enc:')

/** True for a value that somebody sealed. */
export function isSealed(value: Uint8Array): boolean {
  return value.length > 0 && sealedMark.every((byte, index) => value[index] === byte)
}

export interface Opened {
  readonly value: Uint8Array
  /** True when it was not sealed with the first key: writing it anew would. */
  readonly isStale: boolean
}

/** One key of one provider, or all keys of a plugin; without either: the values as they are. */
interface Layer {
  readonly prefix: Buffer
  readonly seal: ValueSeal | undefined
  readonly kms?: KmsKeys
}

/** The keys of the plugin of a name. */
export type FindKmsKeys = (name: string) => KmsKeys

const noKms: FindKmsKeys = (name) => {
  throw new RangeError(`KMS provider ${name} is not open`)
}

export class ValueSealer {
  readonly #random: Random
  readonly #kms: FindKmsKeys
  #layers = new Map<string, readonly Layer[]>()

  constructor(config: EncryptionConfig, random: Random, kms: FindKmsKeys = noKms) {
    this.#random = random
    this.#kms = kms
    this.use(config)
  }

  /** Seals and opens by another configuration from now on. */
  use(config: EncryptionConfig): void {
    this.#layers = new Map()
    for (const { resources, providers } of config.resources) {
      const layers = providers.flatMap((provider) => layersOf(provider, this.#random, this.#kms))
      for (const name of resources) if (!this.#layers.has(name)) this.#layers.set(name, layers)
    }
  }

  /** Whether the configuration says anything of a key's resource. */
  covers(key: string): boolean {
    return this.#layersOf(key).length > 0
  }

  /** The value as it is stored. @throws 500 where a plugin has no key now. */
  seal(key: string, value: Uint8Array): Uint8Array {
    const [first] = this.#layersOf(key)
    if (first?.kms !== undefined) return Buffer.concat([first.prefix, first.kms.seal(value, key)])
    return first?.seal === undefined ? value : Buffer.concat([first.prefix, first.seal.seal(value, key)])
  }

  /** The value as it was. @throws GantryError APISERVER_VALUE_SEALED where no key opens it. */
  open(key: string, value: Uint8Array): Opened {
    const layers = this.#layersOf(key)
    const isPlain = !isSealed(value)
    for (const [index, { prefix, seal, kms }] of layers.entries()) {
      if (kms !== undefined) {
        if (!startsWith(value, prefix)) continue
        const opened = kms.open(value.subarray(prefix.length), key)
        return { value: opened.value, isStale: index > 0 || opened.isStale }
      }
      if (seal === undefined) {
        if (isPlain) return { value, isStale: index > 0 }
      } else if (!isPlain && startsWith(value, prefix)) {
        const opened = attempt(() => seal.open(value.subarray(prefix.length), key))
        if (opened !== undefined) return { value: opened, isStale: index > 0 }
      }
    }
    if (isPlain && layers.length === 0) return { value, isStale: false }
    throw sealedValue(key)
  }

  /** Has a plugin open the key that a value needs; undefined when nothing has to be waited for. */
  unlock(key: string, value: Uint8Array): Promise<void> | undefined {
    for (const { prefix, kms } of this.#layersOf(key))
      if (kms !== undefined && startsWith(value, prefix)) return kms.unlock(value.subarray(prefix.length))
    return undefined
  }

  #layersOf(key: string): readonly Layer[] {
    const storage = splitKey(key)?.storage
    if (storage === undefined) return []
    const slash = storage.indexOf('/')
    const [group, resource] = [storage.slice(0, slash), storage.slice(slash + 1)]
    const name = group === '' ? resource : `${resource}.${group}`
    return this.#layers.get(name) ?? this.#layers.get(`*.${group}`) ?? this.#layers.get('*.*') ?? []
  }
}

function attempt(open: () => Buffer): Buffer | undefined {
  try {
    return open()
  } catch {
    // Another key of the same name may be further down the list.
    return undefined
  }
}

function startsWith(value: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(prefix, value.subarray(0, prefix.length)) === 0
}

function layersOf(provider: Provider, random: Random, kms: FindKmsKeys): readonly Layer[] {
  if (provider.kms !== undefined) {
    const { name } = provider.kms
    return [{ prefix: Buffer.from(`k8s:enc:kms:v2:${name}:`), seal: undefined, kms: kms(name) }]
  }
  if (provider.identity !== undefined) return [{ prefix: Buffer.alloc(0), seal: undefined }]
  return (['aesgcm', 'aescbc', 'secretbox'] satisfies SealKind[]).flatMap((kind) =>
    (provider[kind]?.keys ?? []).map(({ name, secret }) => ({
      prefix: Buffer.from(`k8s:enc:${kind}:v1:${name}:`),
      seal: createValueSeal(kind, Buffer.from(secret, 'base64'), random),
    })),
  )
}
