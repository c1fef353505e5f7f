/**
 * Decides about tokens that were once made for every service account by itself and live as long as their secret: marked
 * invalid when nobody has used them for a year, removed a year later. Pure (v1.36, legacy-serviceaccount-token-cleaner).
 */
import { secrets } from '#clients/kubernetes/resources.table.ts'
import type { Container, Pod, Secret, ServiceAccount, Volume } from '#spec/kubernetes/objects/core-v1.generated.ts'
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
export function planLegacyToken(view: LegacyTokenView): Action | undefined {
  const { secret, nowMs } = view
  const oldest = dateOf(nowMs - unusedMs)
  if (!isOldAndUnused(secret, nowMs, oldest) || !isNobodys(view)) return undefined
  const { uid = '', labels = {} } = secret.metadata
  const invalidSince = labels[invalidSinceLabel]
  if (!isDate(invalidSince)) {
    const patch = { metadata: { uid, labels: { [invalidSinceLabel]: dateOf(nowMs) } } }
    return { do: 'patch', resource: secrets, object: secret, type: 'merge', patch }
  }
  return invalidSince >= oldest ? undefined : { do: 'delete', resource: secrets, object: secret, onlyThisVersion: true }
}

/** Made before `oldest`, and not used since; a label that says nothing sensible counts as use. */
function isOldAndUnused({ metadata }: Secret, nowMs: number, oldest: string): boolean {
  const madeMs = epochMsOf(metadata.creationTimestamp)
  if (madeMs === undefined || madeMs >= nowMs - unusedMs || metadata.deletionTimestamp !== undefined) return false
  const lastUsed = metadata.labels?.[lastUsedLabel]
  return lastUsed === undefined || (isDate(lastUsed) && lastUsed < oldest)
}

/** Only an account that lists a token tells that it was made by itself and not by a user; pods may still use it. */
function isNobodys({ secret, account, usedByPods }: LegacyTokenView): boolean {
  const { name } = secret.metadata
  return account?.secrets?.some((listed) => listed.name === name) === true && !usedByPods.has(name)
}

/** Names of the secrets that pods use in any way. */
export function secretsOfPods(pods: readonly Pod[]): ReadonlySet<string> {
  const names = pods.flatMap(({ spec }) => [
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...(spec.volumes ?? []).flatMap(secretsOfVolume),
    ...[...(spec.initContainers ?? []), ...spec.containers].flatMap(secretsOfContainer),
  ])
  return new Set(names.flatMap((name) => (name === undefined || name === '' ? [] : [name])))
}

function secretsOfVolume({ secret, projected }: Volume): readonly (string | undefined)[] {
  return [secret?.secretName, ...(projected?.sources ?? []).map((source) => source.secret?.name)]
}

function secretsOfContainer({ env = [], envFrom = [] }: Container): readonly (string | undefined)[] {
  return [
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ...envFrom.map(({ secretRef }) => secretRef?.name),
  ]
}
