/**
 * Decides about tokens that were once made for every service account by itself and live as long as their secret: marked
 * invalid when nobody has used them for a year, removed a year later. Pure (v1.36, legacy-serviceaccount-token-cleaner).
 */
import { secrets } from '#clients/kubernetes/resources.table.ts'
import type { Pod, Secret, ServiceAccount } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import type { Action } from '#kit/reconcile/plan.ts'

export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'
const dayMs = 86_400_000
/** How long a token may lie unused, and then invalid. */
export const unusedMs: number = 365 * dayMs

/** `2026-01-31`, UTC. */
export function dateOf(epochMs: number): string {
  return apiTime(epochMs).slice(0, 10)
}

function isDate(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) && epochMsOf(`${text}T00:00:00Z`) !== undefined
}

export interface LegacyTokenView {
  readonly secret: Secret
  /** The account that the secret names, when it is there. */
  readonly account: ServiceAccount | undefined
  /** Names of secrets that pods of the namespace use. */
  readonly usedByPods: ReadonlySet<string>
  readonly nowMs: number
}

/** True when use has been written down for long enough to judge. `since` is a date. */
export function isTrackedLongEnough(since: string | undefined, nowMs: number): boolean {
  // The day on which tracking began counts from its end.
  return isDate(since) && nowMs >= (epochMsOf(`${since}T00:00:00Z`) ?? Infinity) + dayMs + unusedMs
}

/** What to do about one token: nothing, mark it, or remove it. */
export function planLegacyToken({ secret, account, usedByPods, nowMs }: LegacyTokenView): Action | undefined {
  const { name, uid = '', labels = {}, creationTimestamp, deletionTimestamp } = secret.metadata
  const madeMs = epochMsOf(creationTimestamp)
  if (madeMs === undefined || madeMs >= nowMs - unusedMs || deletionTimestamp !== undefined) return undefined
  const lastUsed = labels[lastUsedLabel]
  const oldest = dateOf(nowMs - unusedMs)
  if (lastUsed !== undefined && (!isDate(lastUsed) || lastUsed >= oldest)) return undefined
  // Only an account that lists it tells that it was made by itself and not by a user.
  if (account?.secrets?.some((listed) => listed.name === name) !== true || usedByPods.has(name)) return undefined
  const invalidSince = labels[invalidSinceLabel]
  if (!isDate(invalidSince)) {
    const patch = { metadata: { uid, labels: { [invalidSinceLabel]: dateOf(nowMs) } } }
    return { do: 'patch', resource: secrets, object: secret, type: 'merge', patch }
  }
  return invalidSince >= oldest ? undefined : { do: 'delete', resource: secrets, object: secret, onlyThisVersion: true }
}

/** Names of the secrets that pods use in any way. */
export function secretsOfPods(pods: readonly Pod[]): ReadonlySet<string> {
  const names = new Set<string>()
  const add = (name: string | undefined): void => {
    if (name !== undefined && name !== '') names.add(name)
  }
  for (const { spec } of pods) {
    for (const { name } of spec.imagePullSecrets ?? []) add(name)
    for (const { secret, projected } of spec.volumes ?? []) {
      add(secret?.secretName)
      for (const source of projected?.sources ?? []) add(source.secret?.name)
    }
    for (const { env = [], envFrom = [] } of [...(spec.initContainers ?? []), ...spec.containers]) {
      for (const { valueFrom } of env) add(valueFrom?.secretKeyRef?.name)
      for (const { secretRef } of envFrom) add(secretRef?.name)
    }
  }
  return names
}
