/** One version of one object as the cache holds it. */
import type { ApiObject } from './api-object.ts'
import type { FieldSetPool } from './field-set-pool.ts'
import { servedBytes } from './object-bytes.ts'

type Labels = Readonly<Record<string, string>>
const noLabels: Labels = Object.freeze({})

/** Immutable. Its parsed value is made when somebody first asks, and shared; its sets of managed fields come from the pool. */
export class StoredObject {
  readonly #pool: FieldSetPool | undefined
  #labels: Labels | undefined
  /** `NAMESPACE/NAME`, or `NAME` where there is no namespace. */
  readonly place: string
  readonly revision: number
  /** Canonical JSON with its version: what clients are sent. */
  readonly bytes: Buffer
  #value: ApiObject | undefined
  #fields: { readonly by: object; readonly values: Readonly<Record<string, string>> } | undefined

  // oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
  constructor(place: string, stored: Uint8Array, revision: number, value?: ApiObject, pool?: FieldSetPool) {
    this.place = place
    this.revision = revision
    this.bytes = servedBytes(stored, revision)
    this.#pool = pool
    if (value !== undefined) this.#value = this.#pooled(value, { resourceVersion: String(revision) })
  }

  get value(): ApiObject {
    return (this.#value ??= this.#parsed())
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
    const value = { ...this.value, metadata: { ...this.value.metadata, resourceVersion: '' } }
    return new StoredObject(this.place, Buffer.from(JSON.stringify(value)), revision, value)
  }

  #parsed(): ApiObject {
    return this.#pooled(JSON.parse(this.bytes.toString()) as ApiObject, {})
  }

  #pooled(value: ApiObject, changes: { readonly resourceVersion?: string }): ApiObject {
    const metadata = this.#pool === undefined ? value.metadata : this.#pool.shared(value.metadata)
    return { ...value, metadata: { ...metadata, ...changes } }
  }
}
