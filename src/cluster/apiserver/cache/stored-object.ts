/** One version of one object as the cache holds it. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { ApiObject } from '../api-object.ts'
import { type Around, servedBytes } from './object-bytes.ts'
import type { Like, ObjectPool } from './object-pool.ts'

type Labels = Readonly<Record<string, string>>
const noLabels: Labels = Object.freeze({})

/** One version of an object as the store has it. */
export interface StoredVersion {
  readonly bytes: Uint8Array
  readonly revision: number
  readonly decoded?: ApiObject | undefined
  /** Of members of `decoded`, their text in `bytes`. */
  readonly texts?: ReadonlyMap<string, string> | undefined
  /** The version before it, of which parts may still be there. */
  readonly before?: StoredObject | undefined
}

/** Immutable. Its parsed value is made when somebody first asks, of parts from the pool, and shared. */
export class StoredObject {
  readonly #pool: ObjectPool | undefined
  #labels: Labels | undefined
  /** `NAMESPACE/NAME`, or `NAME` where there is no namespace. */
  readonly place: string
  readonly revision: number
  /** Canonical JSON as the store has it, without its version. */
  readonly stored: Buffer
  #value: ApiObject | undefined
  #fields: { readonly by: object; readonly values: Readonly<Record<string, string>> } | undefined

  /** `decoded` is what the bytes say, with or without its version. */
  constructor(place: string, { bytes, revision, decoded, texts, before }: StoredVersion, pool?: ObjectPool) {
    this.place = place
    this.revision = revision
    this.stored = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#pool = pool
    if (decoded !== undefined)
      this.#value = this.#versioned(decoded, { before: before === undefined ? undefined : before.#value, texts })
  }

  get value(): ApiObject {
    return (this.#value ??= this.#parsed())
  }

  /** Canonical JSON with its version, in an answer: what clients are sent. */
  served(around?: Around): Buffer {
    return servedBytes(this.stored, this.revision, around)
  }

  get namespace(): string {
    const slash = this.place.indexOf('/')
    return slash < 0 ? '' : this.place.slice(0, slash)
  }

  get name(): string {
    return this.place.slice(this.place.indexOf('/') + 1)
  }

  get labels(): Labels {
    // Looked at alone, they do not keep the whole value.
    return (this.#labels ??= (this.#value ?? this.#parsed()).metadata.labels ?? noLabels)
  }

  /** What field selectors compare; worked out once for `by`, which stands for the fields that a resource has. */
  fields(by: object, read: (object: ApiObject) => Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    if (this.#fields?.by !== by) this.#fields = { by, values: read(this.value) }
    return this.#fields.values
  }

  /** The same object at a later version: the last state of one that was deleted then. */
  at(revision: number): StoredObject {
    return new StoredObject(
      this.place,
      { bytes: this.stored, revision, decoded: this.#value, before: this },
      this.#pool,
    )
  }

  #parsed(): ApiObject {
    return this.#versioned(parsedOf(this.place, this.stored))
  }

  #versioned(value: ApiObject, like: Like = {}): ApiObject {
    const resourceVersion = String(this.revision)
    if (this.#pool !== undefined) return this.#pool.shared(value, resourceVersion, like)
    return { ...value, metadata: { ...value.metadata, resourceVersion } }
  }
}

/** What stored bytes say. @throws STORE_CORRUPT that names the object. */
function parsedOf(place: string, stored: Buffer): ApiObject {
  try {
    return JSON.parse(stored.toString()) as ApiObject
  } catch (cause) {
    const message = `The object "${place}" is damaged in the store: ${messageOf(cause)}.`
    throw new GantryError('STORE_CORRUPT', 'internal', message, {
      cause,
      remedy: 'Restore the store from a backup; other objects can still be read by name.',
    })
  }
}
