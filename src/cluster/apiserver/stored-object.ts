/** One version of one object as the cache holds it. */
import type { ApiObject } from './api-object.ts'
import { servedBytes } from './object-bytes.ts'

type Labels = Readonly<Record<string, string>>
const noLabels: Labels = Object.freeze({})

/** Immutable. Its parsed value is made when somebody first asks, and shared. */
export class StoredObject {
  /** `NAMESPACE/NAME`, or `NAME` where there is no namespace. */
  readonly place: string
  readonly revision: number
  /** Canonical JSON with its version: what clients are sent. */
  readonly bytes: Buffer
  #value: ApiObject | undefined
  #fields: Readonly<Record<string, string>> | undefined

  // oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
  constructor(place: string, stored: Uint8Array, revision: number, value?: ApiObject) {
    this.place = place
    this.revision = revision
    this.bytes = servedBytes(stored, revision)
    this.#value =
      value === undefined ? undefined : { ...value, metadata: { ...value.metadata, resourceVersion: String(revision) } }
  }

  get value(): ApiObject {
    return (this.#value ??= JSON.parse(this.bytes.toString()) as ApiObject)
  }

  get namespace(): string {
    const slash = this.place.indexOf('/')
    return slash < 0 ? '' : this.place.slice(0, slash)
  }

  get name(): string {
    return this.place.slice(this.place.indexOf('/') + 1)
  }

  get labels(): Labels {
    return this.value.metadata.labels ?? noLabels
  }

  /** What field selectors compare; worked out once, with the fields of the kind that first asks. */
  fields(read: (object: ApiObject) => Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return (this.#fields ??= read(this.value))
  }

  /** The same object at a later version: the last state of one that was deleted then. */
  at(revision: number): StoredObject {
    const value = { ...this.value, metadata: { ...this.value.metadata, resourceVersion: '' } }
    return new StoredObject(this.place, Buffer.from(JSON.stringify(value)), revision, value)
  }
}
