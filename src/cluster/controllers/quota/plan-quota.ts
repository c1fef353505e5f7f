/** What a quota's status should say (pkg/controller/resourcequota, v1.36). */
import { resourceQuotas } from '#clients/kubernetes/resources.table.ts'
import { quantityOfUnits } from '#base/data/quantity.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ResourceQuota } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { type Amounts, amountsJson, amountsOf, exceeding, only, plus } from '#base/data/amounts.ts'
import type { QuotaDevices } from '#spec/kubernetes/quota/extended-usage.ts'
import { inScopes, namesFor, type QuotaResource, usageOf } from '#spec/kubernetes/quota/quota-usage.ts'

/** Objects of one resource in a quota's namespace. */
export interface CountedObjects {
  readonly resource: QuotaResource
  readonly objects: readonly KubernetesObject[]
}

/** How long a quota must have stood still before less is said to be used: a charged object may be on its way. */
export const settleMs = 500

export interface QuotaObserved {
  readonly quota: ResourceQuota
  readonly counted: readonly CountedObjects[]
  /** How long the quota has been as it is. */
  readonly unchangedMs: number
  readonly nowMs: number
  readonly devices?: QuotaDevices
}

/** The status of a quota. What is counted under a name that nobody can count stays as it is. */
export function planQuota({ unchangedMs, ...observed }: QuotaObserved): Plan {
  const { quota, counted, devices } = observed
  const hard = amountsOf(quota.spec?.hard)
  const names = Array.from(hard.keys())
  const before = amountsOf(quota.status?.used)
  const countable = new Set(counted.flatMap(({ resource }) => namesFor(resource, names, devices)))
  const zeros = new Map(names.map((name) => [name, quantityOfUnits(0)]))
  const kept = only(
    before,
    names.filter((name) => !countable.has(name)),
  )
  const used = plus(new Map([...zeros, ...kept]), countedUsage({ ...observed, names }))
  const wantedHard = amountsJson(hard)
  const wantedUsed = amountsJson(used)
  const isSame = isSameList(quota.status?.hard, wantedHard) && isSameList(quota.status?.used, wantedUsed)
  if (isSame) return nothingToDo
  if (exceeding(only(before, names), used).length > 0 && unchangedMs < settleMs) {
    return { lookAgainAfterMs: settleMs - unchangedMs }
  }
  const status = { hard: wantedHard, used: wantedUsed }
  return { subject: quota, status: { resource: resourceQuotas, object: { ...quota, status } } }
}

function countedUsage({
  quota,
  counted,
  names,
  ...around
}: Omit<QuotaObserved, 'unchangedMs'> & { readonly names: readonly string[] }): Amounts {
  let used: Amounts = new Map()
  for (const { resource, objects } of counted) {
    const own = namesFor(resource, names, around.devices)
    if (own.length === 0) continue
    for (const object of objects) {
      if (inScopes(resource, object, quota)) used = plus(used, only(usageOf(resource, object, around), own))
    }
  }
  return used
}

function isSameList(
  left: Readonly<Record<string, unknown>> | undefined,
  right: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(right)
  if (left === undefined || Object.keys(left).length !== names.length) return false
  return names.every((name) => String(left[name]) === right[name])
}
