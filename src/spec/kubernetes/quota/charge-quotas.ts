/** Decides what a write does to the quotas of its namespace (apiserver admission/plugin/resourcequota, CheckRequest, v1.36). */
import type { ResourceQuota } from '../objects/core-v1.generated.ts'
import type { KubernetesObject } from '../objects/objects.ts'
import { amountsOf, amountsText, exceeding, minus, nonZero, only, plus, type Amounts } from '#base/data/amounts.ts'
import type { QuotaDevices } from './extended-usage.ts'
import { constraintOf, inScopes, namesFor, usageOf, type QuotaResource } from './quota-usage.ts'

/** A write that quotas may count. */
export interface ChargedWrite {
  readonly resource: QuotaResource
  readonly object: KubernetesObject
  /** The state before; undefined for a new object. */
  readonly old: KubernetesObject | undefined
  readonly nowMs: number
  readonly devices?: QuotaDevices | undefined
}

/** What one quota is to be charged. */
export interface QuotaCharge {
  readonly quota: ResourceQuota
  /** What is added. */
  readonly added: Amounts
  /** What is used afterwards. */
  readonly used: Amounts
}

/** The charges of a write, or why it is refused. */
export function chargeQuotas(
  quotas: readonly ResourceQuota[],
  write: ChargedWrite,
): { readonly charges: readonly QuotaCharge[] } | { readonly refusal: string } {
  const { resource, object } = write
  const matched: ResourceQuota[] = []
  for (const quota of quotas) {
    const answer = concerns(quota, write)
    if (typeof answer === 'string') return { refusal: answer }
    if (answer) matched.push(quota)
  }
  if (matched.length === 0) return { charges: [] }
  const usage = usageOf(resource, object, write)
  const negative = Array.from(usage).filter(([, { nanos }]) => nanos < 0n)
  if (negative.length > 0) {
    const names = negative.map(([name]) => name).toSorted()
    return { refusal: `quota usage is negative for resource(s): ${names.join(',')}` }
  }
  return chargesOf(matched, usage, write)
}

/** Whether a quota counts an object, or why it refuses it without counting. */
function concerns(quota: ResourceQuota, { resource, object, devices }: ChargedWrite): boolean | string {
  const limited = namesFor(resource, Array.from(amountsOf(quota.status?.hard).keys()), devices)
  if (limited.length === 0 || !inScopes(resource, object, quota)) return false
  const constraint = constraintOf(resource, object, limited)
  if (constraint !== undefined) return `failed quota: ${quota.metadata.name}: ${constraint}`
  const used = amountsOf(quota.status?.used)
  if (limited.every((name) => used.has(name))) return true
  return `status unknown for quota: ${quota.metadata.name}, resources: ${limited.toSorted().join(',')}`
}

function chargesOf(
  quotas: readonly ResourceQuota[],
  usage: Amounts,
  write: ChargedWrite,
): { readonly charges: readonly QuotaCharge[] } | { readonly refusal: string } {
  const charges: QuotaCharge[] = []
  for (const quota of quotas) {
    const answer = chargeOf(quota, usage, write)
    if (typeof answer === 'string') return { refusal: answer }
    if (answer !== undefined) charges.push(answer)
  }
  return { charges }
}

/** The charge to one quota, undefined when it is charged nothing, or why it refuses. */
function chargeOf(
  quota: ResourceQuota,
  usage: Amounts,
  { resource, old, ...around }: ChargedWrite,
): QuotaCharge | undefined | string {
  // What the object counted for before is free, unless this quota did not count it.
  const isFree = old !== undefined && inScopes(resource, old, quota)
  const delta = nonZero(isFree ? minus(usage, usageOf(resource, old, around)) : usage)
  const hard = amountsOf(quota.status?.hard)
  const added = only(delta, hard.keys())
  if (added.size === 0) return undefined
  const before = amountsOf(quota.status?.used)
  const used = plus(before, added)
  const exceeded = exceeding(only(used, added.keys()), hard)
  if (exceeded.length === 0) return { quota, added, used }
  const [requested, now, limited] = [added, before, hard].map((amounts) => amountsText(only(amounts, exceeded)))
  return `exceeded quota: ${quota.metadata.name}, requested: ${requested}, used: ${now}, limited: ${limited}`
}
