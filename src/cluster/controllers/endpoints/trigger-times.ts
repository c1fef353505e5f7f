/** When the changes behind a write of endpoints happened, for the annotation that measures how long they took to show. */
import type { Pod, Service } from '#spec/kubernetes/objects/core-v1.generated.ts'

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'

/** Follows the services of one controller (endpointslice/util trigger_time_tracker.go, v1.36). */
export class TriggerTimes {
  readonly #known = new Map<string, ReadonlyMap<string, string>>()

  /**
   * The earliest of the moments at which pods became ready or unready since it was asked last; for a new service its
   * creation. Undefined where nothing of that kind has happened: a pod that is gone has no such moment.
   */
  next(key: string, service: Service, pods: readonly Pod[]): string | undefined {
    const before = this.#known.get(key)
    const times = new Map(pods.flatMap((pod) => readyChange(pod) ?? []))
    this.#known.set(key, times)
    if (before === undefined) return service.metadata.creationTimestamp
    const changed = [...times].filter(([name, time]) => time > (before.get(name) ?? '')).map(([, time]) => time)
    return changed.toSorted()[0]
  }

  forget(key: string): void {
    this.#known.delete(key)
  }
}

function readyChange({ metadata, status }: Pod): readonly [readonly [string, string]] | undefined {
  const time = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  return time === undefined ? undefined : [[metadata.name, time]]
}
