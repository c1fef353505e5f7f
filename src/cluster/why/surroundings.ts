/** What an answer is taken from: the object's namespace and the nodes, read once. */
import type { ReplicaSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Event, Node, PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { EndpointSlice } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { StorageClass } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import type { Finding } from './finding.ts'

export interface Surroundings {
  readonly pods: readonly Pod[]
  readonly replicaSets: readonly ReplicaSet[]
  readonly jobs: readonly Job[]
  readonly claims: readonly PersistentVolumeClaim[]
  readonly storageClasses: readonly StorageClass[]
  readonly slices: readonly EndpointSlice[]
  readonly nodes: readonly Node[]
  readonly events: readonly Event[]
  /** What the scheduler would say about a pod now. */
  readonly placement: (pod: Pod) => readonly Finding[]
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** What a pod, a set or a job controls. */
export function ownedBy<T extends KubernetesObject>(owner: KubernetesObject, candidates: readonly T[]): readonly T[] {
  const uid = owner.metadata.uid
  return candidates.filter(({ metadata }) =>
    (metadata.ownerReferences ?? []).some((reference) => reference.controller === true && reference.uid === uid),
  )
}

const eventsShown = 3

function timeOf(event: Event): string {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? ''
}

/** The newest warnings about an object, one for each reason. */
export function warningsAbout({ kind, metadata }: KubernetesObject, events: readonly Event[]): readonly Finding[] {
  const isAbout = ({ involvedObject: about }: Event): boolean =>
    about.kind === kind && about.name === metadata.name && (about.uid ?? metadata.uid) === metadata.uid
  return newest(events.filter((event) => event.type === 'Warning' && isAbout(event)))
}

/** The newest events that name something which is no more. */
export function eventsNaming(kind: string, name: string, events: readonly Event[]): readonly Finding[] {
  return newest(events.filter(({ involvedObject: about }) => about.kind === kind && about.name === name))
}

function newest(events: readonly Event[]): readonly Finding[] {
  const byReason = new Map<string, Event>()
  for (const event of events.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))) {
    // Taken out first, so that the map is in the order of the newest.
    byReason.delete(event.reason ?? '')
    byReason.set(event.reason ?? '', event)
  }
  return [...byReason.values()]
    .toReversed()
    .slice(0, eventsShown)
    .map((event) => {
      const times = event.series?.count ?? event.count ?? 1
      return { says: `event ${event.reason}${times > 1 ? ` (${times} times)` : ''}: ${event.message ?? ''}` }
    })
}
