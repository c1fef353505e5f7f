/** The sums of a rollout: how far each set of a deployment may grow or shrink now (deployment/util and rolling.go, v1.36). */
import type { Deployment, ReplicaSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import { desiredReplicasOf, maxReplicasOf, maxSurgeOf, maxUnavailableOf } from './annotations.ts'

/** The new size of a set. */
export interface Resize {
  readonly set: ReplicaSet
  readonly replicas: number
}

/** Replicas that a set is told to have. */
export function sizeOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1
}

const sum = (sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + of(set), 0)
const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0

/** Oldest first. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const difference = (epochMsOf(a.metadata.creationTimestamp) ?? 0) - (epochMsOf(b.metadata.creationTimestamp) ?? 0)
  return difference === 0 ? (a.metadata.name < b.metadata.name ? -1 : 1) : difference
}

/** The size for the current set: as large as the surge allows beside all others. */
export function newSetSize(deployment: Deployment, sets: readonly ReplicaSet[], current: number): number {
  const wanted = deployment.spec.replicas ?? 1
  if (deployment.spec.strategy?.type === 'Recreate') return wanted
  const total = sum(sets, sizeOf)
  const most = wanted + maxSurgeOf(deployment)
  if (total >= most) return current
  return current + Math.min(most - total, wanted - current)
}

/** What the current set is to become in a rolling update; undefined when it stays. */
export function resizeNewSet(
  deployment: Deployment,
  newSet: ReplicaSet,
  sets: readonly ReplicaSet[],
): Resize | undefined {
  const wanted = deployment.spec.replicas ?? 1
  const size = sizeOf(newSet)
  if (size === wanted) return undefined
  const replicas = size > wanted ? wanted : newSetSize(deployment, sets, size)
  return replicas === size ? undefined : { set: newSet, replicas }
}

/**
 * What the older sets are to become in a rolling update: first pods that do not work go, then as many as may be missing.
 * A set that still has more available pods than it is told to have was shrunk a moment ago: its counts are old, and the
 * rest waits until they are not.
 */
export function resizeOldSets(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): readonly Resize[] {
  const old = oldSets.filter((set) => sizeOf(set) > 0).toSorted(byAge)
  const all = [...old, newSet]
  const fewest = (deployment.spec.replicas ?? 1) - maxUnavailableOf(deployment)
  const newUnavailable = sizeOf(newSet) - availableOf(newSet)
  let mayGo = sum(all, sizeOf) - fewest - newUnavailable
  if (mayGo <= 0) return []
  const sizes = new Map(old.map((set) => [set, sizeOf(set)]))
  const shrink = (set: ReplicaSet, by: number): void => void sizes.set(set, (sizes.get(set) ?? 0) - by)
  const resized = (): readonly Resize[] =>
    old.map((set) => ({ set, replicas: sizes.get(set) ?? 0 })).filter(({ set, replicas }) => replicas !== sizeOf(set))
  for (const set of old) {
    if (mayGo <= 0) break
    const unhealthy = Math.min(mayGo, sizeOf(set) - availableOf(set))
    if (unhealthy < 0) return resized()
    shrink(set, unhealthy)
    mayGo -= unhealthy
  }
  let surplus = sum(all, availableOf) - fewest
  for (const set of old) {
    const going = Math.min(surplus, sizes.get(set) ?? 0)
    if (going <= 0) continue
    shrink(set, going)
    surplus -= going
  }
  return resized()
}

/** True when the deployment was resized since its sets were last scaled. */
export function isScalingEvent(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  const wanted = deployment.spec.replicas ?? 1
  return sets.some((set) => {
    const desired = desiredReplicasOf(set)
    return sizeOf(set) > 0 && desired !== undefined && desired !== wanted
  })
}

/**
 * Sizes after the deployment was resized: one active set takes it all; during a rollout each takes its share, the larger
 * sets' rounding leftovers going to the first. Every set named gets fresh size annotations, also where its size stays.
 */
export function resizeForScaling(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
): readonly Resize[] {
  const wanted = deployment.spec.replicas ?? 1
  const all = [...oldSets, ...(newSet === undefined ? [] : [newSet])]
  const single = activeOrLatest(newSet, oldSets)
  if (single !== undefined) return sizeOf(single) === wanted ? [] : [{ set: single, replicas: wanted }]
  if (newSet !== undefined && isSaturated(deployment, newSet)) {
    return oldSets.filter((set) => sizeOf(set) > 0).map((set) => ({ set, replicas: 0 }))
  }
  if (deployment.spec.strategy?.type === 'Recreate') return []
  return proportional(
    deployment,
    all.filter((set) => sizeOf(set) > 0),
  )
}

function activeOrLatest(newSet: ReplicaSet | undefined, oldSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const active = [...oldSets, ...(newSet === undefined ? [] : [newSet])].filter((set) => sizeOf(set) > 0)
  if (active.length > 1) return undefined
  return active[0] ?? newSet ?? oldSets.toSorted(byAge).at(-1)
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const wanted = deployment.spec.replicas ?? 1
  return sizeOf(set) === wanted && desiredReplicasOf(set) === wanted && availableOf(set) === wanted
}

function proportional(deployment: Deployment, sets: readonly ReplicaSet[]): readonly Resize[] {
  const wanted = deployment.spec.replicas ?? 1
  const allowed = wanted > 0 ? wanted + maxSurgeOf(deployment) : 0
  const toAdd = allowed - sum(sets, sizeOf)
  const sign = toAdd > 0 ? -1 : 1
  // Growing favours the larger and newer, shrinking the larger and older.
  const order = sets.toSorted((a, b) => sizeOf(b) - sizeOf(a) || sign * byAge(a, b))
  let added = 0
  const resized = order.map((set) => {
    const part = shareOf(deployment, set, toAdd - added)
    added += part
    return { set, replicas: sizeOf(set) + part }
  })
  const leftover = toAdd - added
  return resized.map(({ set, replicas }, index) => ({
    set,
    replicas: Math.max(0, index === 0 ? replicas + leftover : replicas),
  }))
}

/** What one set gets of `rest`, never more than all of it. */
function shareOf(deployment: Deployment, set: ReplicaSet, rest: number): number {
  if (rest === 0) return 0
  const wanted = deployment.spec.replicas ?? 1
  const fraction =
    wanted === 0
      ? -sizeOf(set)
      : roundHalfAway((sizeOf(set) * (wanted + maxSurgeOf(deployment))) / annotatedOf(deployment, set)) - sizeOf(set)
  return rest > 0 ? Math.min(fraction, rest) : Math.max(fraction, rest)
}

function annotatedOf(deployment: Deployment, set: ReplicaSet): number {
  const annotated = maxReplicasOf(set) ?? deployment.status?.replicas ?? 0
  return annotated > 0 ? annotated : sizeOf(set)
}

function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value))
}
