/**
 * The keys of one KMS provider (kmsv2 envelope encryption, v1.36): a seed of this server's own, which the plugin sealed, for
 * everything that is written; those of others, which it opened, for what is read. The plugin is asked how it is from time to
 * time: another key there means another seed here, and without an answer nothing is written for longer than three minutes.
 */
import { digestHex, digestOf } from '#base/data/digest.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import type { Log } from '#kit/telemetry/log.ts'
import { createSeedSeal, seedBytes } from '#kit/tls/seal-seed.ts'
import { createValueSeal, type ValueSeal } from '#kit/tls/seal-value.ts'
import { type Clock, formatInstant } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { internalError } from '../status-errors.ts'
import {
  decodeObject,
  encodeObject,
  keyIdProblem,
  type KmsStatus,
  type SealedSecret,
  secretKinds,
  secretProblem,
} from './kms-messages.ts'
import type { KmsMeter } from './kms-meter.ts'
import type { KmsPlugin } from './kms-plugin.ts'

export interface KmsKeysDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly plugin: KmsPlugin
  readonly meter: KmsMeter
  /** Told when the plugin seals with another key from now on. */
  readonly onKeyChange: () => void
}

/** What seals now. */
interface Current {
  readonly secret: SealedSecret
  readonly seal: ValueSeal
}

const healthyLookMs = 20_000
const failingLookMs = 3000
const writeMs = 180_000
/** Seeds of other servers and of earlier starts: one for each start and each key. */
const sealsMost = 10_000
const versions: readonly string[] = ['v2', 'v2beta1']

export class KmsKeys implements AsyncDisposable {
  readonly name: string
  readonly #deps: KmsKeysDeps
  readonly #stop = new AbortController()
  readonly #seals = new LruCache<string, ValueSeal>({ capacity: sealsMost })
  readonly #opening = new Map<string, Promise<void>>()
  #current: Current | undefined
  #expiresMs = 0
  #version: string | undefined
  #problem: string | undefined = 'the plugin has not been asked yet'
  #looking: Promise<void> | undefined

  constructor(name: string, deps: KmsKeysDeps) {
    this.name = name
    this.#deps = deps
  }

  /** Why the plugin is not healthy; undefined when it is. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Asks the plugin for the first time, and looks after it from then on. One that is not there yet is waited for. */
  async start(): Promise<void> {
    await this.#look()
    this.#looking = this.#lookOn()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the server has ended'))
    await this.#looking
  }

  /** @throws 500 when there is no key, or the plugin has not said for too long that it is still the right one. */
  seal(value: Uint8Array, place: string): Buffer {
    const current = this.#current
    if (current === undefined) throw internalError(`KMS provider ${this.name} has no key: ${this.#problem ?? ''}`)
    const nowMs = this.#deps.clock.now()
    if (nowMs > this.#expiresMs) {
      const [at, now] = [this.#expiresMs, nowMs].map((ms) => formatInstant(Math.floor(ms / 1000) * 1000))
      const hash = digestOf(current.secret.keyId)
      throw internalError(`encryptedDEKSource with keyID hash "${hash}" expired at ${at} (current time is ${now})`)
    }
    this.#deps.meter.used('to_storage', current.secret.keyId)
    return encodeObject({ ...current.secret, kind: secretKinds.seed, value: current.seal.seal(value, place) })
  }

  /** @throws for what no plugin of this name sealed, or whose key is not open. */
  open(sealed: Uint8Array, place: string): { readonly value: Buffer; readonly isStale: boolean } {
    const object = decodeObject(sealed)
    const seal = this.#seals.get(cacheKey(object))
    if (seal === undefined) throw new Error(`the key of a value of KMS provider ${this.name} is not open`)
    this.#deps.meter.used('from_storage', object.keyId)
    const isStale = object.keyId !== this.#current?.secret.keyId || object.kind !== secretKinds.seed
    return { value: seal.open(object.value, place), isStale }
  }

  /** Has the plugin open the key of a value; undefined when it is open already. Values that are none are for `open` to refuse. */
  unlock(sealed: Uint8Array): Promise<void> | undefined {
    let object
    try {
      object = decodeObject(sealed)
    } catch {
      return undefined
    }
    const key = cacheKey(object)
    if (this.#seals.get(key) !== undefined) return undefined
    let opening = this.#opening.get(key)
    if (opening === undefined) {
      opening = this.#unlock(key, object).finally(() => this.#opening.delete(key))
      this.#opening.set(key, opening)
    }
    return opening
  }

  async #unlock(key: string, secret: SealedSecret & { readonly kind: number }): Promise<void> {
    const { plugin, random } = this.#deps
    try {
      const opened = await plugin.decrypt(secret)
      const seal =
        secret.kind === secretKinds.seed ? createSeedSeal(opened, random) : createValueSeal('aesgcm', opened, random)
      this.#keep(key, seal)
    } catch (error) {
      throw internalError(`failed to decrypt DEK, error: ${messageOf(error)}`)
    }
  }

  #keep(key: string, seal: ValueSeal): void {
    this.#seals.set(key, seal)
    this.#deps.meter.cached(this.#seals.size)
  }

  async #lookOn(): Promise<void> {
    const { clock } = this.#deps
    for (;;) {
      const waitMs = this.#problem === undefined ? healthyLookMs : failingLookMs
      await clock.sleep(waitMs, this.#stop.signal).catch(() => undefined)
      if (this.#stop.signal.aborted) return
      await this.#look()
    }
  }

  async #look(): Promise<void> {
    const { plugin, log } = this.#deps
    const before = this.#problem
    try {
      this.#problem = await this.#judge(await plugin.status())
    } catch (error) {
      this.#problem = `failed to perform status section of the healthz check for KMS Provider ${this.name}, error: ${messageOf(error)}`
    }
    if (this.#problem !== undefined && this.#problem !== before)
      log.error('a KMS provider is not healthy', { name: this.name, why: this.#problem })
  }

  /** What is wrong with a plugin of that status, after its key was taken over. */
  async #judge({ version, healthz, keyId }: KmsStatus): Promise<string | undefined> {
    const problems: string[] = []
    if (healthz !== 'ok') problems.push(`got unexpected healthz status: ${healthz}`)
    if (!versions.includes(version)) problems.push(`expected KMSv2 API version v2, got ${version}`)
    else if ((this.#version ??= version) !== version)
      problems.push(
        `KMSv2 API version should not change after the initial status response version ${this.#version}, got ${version}`,
      )
    const ofKey = keyIdProblem(keyId)
    if (ofKey === undefined) {
      this.#deps.meter.said(keyId, this.#deps.clock.now())
      const failed = await this.#follow(keyId)
      if (failed !== undefined) problems.push(failed)
    } else {
      this.#deps.meter.saidNonsense(keyId)
      const hash = keyId === '' ? '' : digestOf(keyId)
      problems.push(`got invalid KMSv2 KeyID hash "${hash}": ${ofKey}`)
    }
    if (problems.length === 0) return undefined
    const all = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
    return `kmsv2 Provider ${this.name} is not healthy, error: ${all}`
  }

  /** Goes on with the key that the plugin has now. */
  async #follow(keyId: string): Promise<string | undefined> {
    const { clock, random, plugin, onKeyChange } = this.#deps
    // Before the plugin is asked: the time to write is counted from its word.
    const expiresMs = clock.now() + writeMs
    const before = this.#current?.secret.keyId
    if (before === keyId) {
      this.#expiresMs = expiresMs
      return undefined
    }
    try {
      const seed = random.bytes(seedBytes)
      const secret = await plugin.encrypt(seed)
      const problem = secretProblem(secret)
      if (problem !== undefined) return `failed to rotate DEK: ${problem}`
      if (secret.keyId !== keyId)
        return `failed to rotate DEK: statusKeyIDHash="${digestOf(keyId)}", encryptKeyIDHash="${digestOf(secret.keyId)}"`
      const seal = createSeedSeal(seed, random)
      this.#keep(cacheKey({ ...secret, kind: secretKinds.seed }), seal)
      this.#current = { secret, seal }
      this.#expiresMs = expiresMs
      if (before !== undefined) onKeyChange()
      return undefined
    } catch (error) {
      return `failed to rotate DEK: failed to encrypt DEK, error: ${messageOf(error)}`
    }
  }
}

/** Tells opened secrets apart by all that makes them up. */
function cacheKey(secret: SealedSecret & { readonly kind: number }): string {
  return digestHex(digestOf(encodeObject({ ...secret, value: Buffer.alloc(0) })))
}
