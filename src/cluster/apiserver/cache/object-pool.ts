/** Decoded objects put together from shared parts: what many objects say in the same words is in memory once. */
import { isJsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from '../api-object.ts'
import { FieldSetPool } from './field-set-pool.ts'
import { ValuePool } from './value-pool.ts'

/** Members of metadata that objects of one template, owner or place have in common. */
const sharedMetadata = ['namespace', 'generateName', 'labels', 'annotations', 'ownerReferences', 'finalizers'] as const

/** Texts of members that are remembered, and how long they may be: two megabytes at most, and none that is walked as fast. */
const textsMost = 512
const textLengthLeast = 128
const textLengthMost = 4096

/** What is known of an object already. */
export interface Like {
  /** An earlier version that came out of the pool: what the object has from it need not be looked at again. */
  readonly before?: ApiObject | undefined
  /** The text of some of its members. */
  readonly texts?: ReadonlyMap<string, string> | undefined
}

/** The parts of one server's objects. */
export class ObjectPool {
  readonly #fieldSets = new FieldSetPool()
  readonly #values = new ValuePool()

  readonly #byText = new Map<string, unknown>()

  /**
   * The object, at a version, made of shared parts. The argument's own parts become shared ones: nobody may change it later.
   */
  shared(object: ApiObject, resourceVersion: string, { before, texts }: Like = {}): ApiObject {
    const metadata: Record<string, unknown> = { ...this.#fieldSets.shared(object.metadata), resourceVersion }
    for (const name of sharedMetadata) {
      const part = metadata[name]
      if (part !== undefined && part !== before?.metadata[name]) metadata[name] = this.#values.share(part)
    }
    const out: Record<string, unknown> = { ...object, metadata }
    for (const name in out) {
      if (name !== 'metadata' && out[name] !== before?.[name])
        out[name] = this.#member(out[name], { text: texts?.get(name), before: before?.[name] })
    }
    return out as ApiObject
  }

  /**
   * A member that was written in the same words before is that one, without a walk through it. Of others only that is
   * walked through which is not as in the version before.
   */
  #member(value: unknown, { text, before }: { readonly text: string | undefined; readonly before: unknown }): unknown {
    if (text === undefined || text.length < textLengthLeast || text.length > textLengthMost)
      return this.#changed(value, before)
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    if (this.#byText.size >= textsMost) this.#byText.clear()
    const shared = this.#changed(value, before)
    this.#byText.set(text, shared)
    return shared
  }

  /** What has changed is seldom as a whole what others have: its parts are. */
  #changed(value: unknown, before: unknown): unknown {
    if (!isJsonObject(before) || !isJsonObject(value)) return this.#values.share(value)
    const out: Record<string, unknown> = { ...value }
    for (const name in out) if (out[name] !== before[name]) out[name] = this.#values.share(out[name])
    return out
  }
}
