/** What was last told of each claim: pods that come and go wake the binder often, and are no reason to say the same again. */
import type { Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'

export class ToldClaims {
  readonly #told = new Map<string, string>()

  /** The plan for a claim, without events that were told of this version of it. */
  fresh(key: string, { metadata }: PersistentVolumeClaim, plan: Plan): Plan {
    const text = JSON.stringify([metadata.resourceVersion, plan.events ?? []])
    const isRepeated = this.#told.get(key) === text
    this.#told.set(key, text)
    if (!isRepeated) return plan
    const { events: _, ...rest } = plan
    return rest
  }

  forget(key: string): void {
    this.#told.delete(key)
  }
}
