/** The annotations by which a deployment and its sets remember revisions and sizes; `kubectl rollout` reads them. */
import type { Deployment, ReplicaSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import { resolveIntOrPercent } from '../workloads/int-or-percent.ts'

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const historyAnnotation = 'deployment.kubernetes.io/revision-history'
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
const maxAnnotation = 'deployment.kubernetes.io/max-replicas'
/** Longest history of revisions, characters. */
const historyMost = 2000

const notCopied: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
])

type Annotations = Readonly<Record<string, string>>

/** The revision of a set, 0 where it has none: a 64-bit number, which others may set as high as they like. */
export function revisionOf(set: ReplicaSet): bigint {
  return revisionIn(set.metadata.annotations)
}

function revisionIn(annotations: Annotations | undefined): bigint {
  const text = annotations?.[revisionAnnotation] ?? ''
  return /^-?\d{1,19}$/.test(text) ? BigInt(text) : 0n
}

/** The highest of some revisions, at least 0. */
export function highestRevision(sets: readonly ReplicaSet[]): bigint {
  return sets.map(revisionOf).reduce((highest, one) => (one > highest ? one : highest), 0n)
}

/** How many replicas its deployment wanted when the set was last scaled. */
export function desiredReplicasOf(set: ReplicaSet): number | undefined {
  return numberIn(set.metadata.annotations, desiredAnnotation)
}

/** How many replicas its deployment allowed when the set was last scaled. */
export function maxReplicasOf(set: ReplicaSet): number | undefined {
  return numberIn(set.metadata.annotations, maxAnnotation)
}

function numberIn(annotations: Annotations | undefined, name: string): number | undefined {
  const text = annotations?.[name]
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

/** Pods above the wanted number that a rolling update may make. */
export function maxSurgeOf(deployment: Deployment): number {
  if (deployment.spec.strategy?.type === 'Recreate') return 0
  return resolveIntOrPercent(deployment.spec.strategy?.rollingUpdate?.maxSurge, deployment.spec.replicas ?? 1, 'up')
}

/** Pods below the wanted number that a rolling update may leave; 1 where nothing else would let it go on. */
export function maxUnavailableOf(deployment: Deployment): number {
  const replicas = deployment.spec.replicas ?? 1
  if (deployment.spec.strategy?.type === 'Recreate' || replicas === 0) return 0
  const rounded = resolveIntOrPercent(deployment.spec.strategy?.rollingUpdate?.maxUnavailable, replicas, 'down')
  const unavailable = rounded === 0 && maxSurgeOf(deployment) === 0 ? 1 : rounded
  return Math.min(unavailable, replicas)
}

/** The annotations about the deployment's size. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const replicas = deployment.spec.replicas ?? 1
  return { [desiredAnnotation]: String(replicas), [maxAnnotation]: String(replicas + maxSurgeOf(deployment)) }
}

/** The annotations of the current set: the deployment's own, and a revision that only rises; earlier ones become history. */
export function newSetAnnotations(
  deployment: Deployment,
  known: Annotations | undefined,
  revision: bigint,
): Annotations {
  const annotations: Record<string, string> = { ...known }
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!notCopied.has(name)) annotations[name] = value
  }
  const before = revisionIn(known)
  if (known?.[revisionAnnotation] !== undefined && before >= revision) return annotations
  annotations[revisionAnnotation] = String(revision)
  if (before > 0n) annotations[historyAnnotation] = withHistory(known?.[historyAnnotation], before)
  return annotations
}

function withHistory(history: string | undefined, revision: bigint): string {
  const parts = [...(history === undefined || history === '' ? [] : history.split(',')), String(revision)]
  while (parts.join(',').length > historyMost) parts.shift()
  return parts.join(',')
}
