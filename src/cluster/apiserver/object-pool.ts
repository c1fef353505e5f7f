/** Decoded objects put together from shared parts: what many objects say in the same words is in memory once. */
import type { ApiObject } from './api-object.ts'
import { FieldSetPool } from './field-set-pool.ts'
import { ValuePool } from './value-pool.ts'

/** Members of metadata that objects of one template, owner or place have in common. */
const sharedMetadata = ['namespace', 'generateName', 'labels', 'annotations', 'ownerReferences', 'finalizers'] as const

/** The parts of one server's objects. */
export class ObjectPool {
  readonly #fieldSets = new FieldSetPool()
  readonly #values = new ValuePool()

  /**
   * The object, at a version, made of shared parts. The argument's own parts become shared ones: nobody may change it later.
   * @param before an earlier version that came out of here: what the object has from it need not be looked at again.
   */
  shared(object: ApiObject, resourceVersion: string, before: ApiObject | undefined): ApiObject {
    const metadata: Record<string, unknown> = { ...this.#fieldSets.shared(object.metadata), resourceVersion }
    for (const name of sharedMetadata) {
      const part = metadata[name]
      if (part !== undefined && part !== before?.metadata[name]) metadata[name] = this.#values.share(part)
    }
    const out: Record<string, unknown> = { ...object, metadata }
    for (const name in out) {
      if (name !== 'metadata' && out[name] !== before?.[name]) out[name] = this.#values.share(out[name])
    }
    return out as ApiObject
  }
}
