/** One eviction's share of a disruption budget: taken from its status, or refused in the words that clients show. Pure. */
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import { forbidden, tooManyRequests } from '../status-errors.ts'

/** Larger maps mean a broken disruption controller. */
const disruptedMax = 2000
const conditionType = 'DisruptionAllowed'
const violation = "Cannot evict pod as it would violate the pod's disruption budget."

/** The refusal where the budget has not caught up with what it governs: ask again in ten seconds. */
export function stillProcessed(budget: string): Error {
  return refusal(10, `The disruption budget ${budget} is still being processed by the server.`)
}

function refusal(seconds: number, cause: string): Error {
  return tooManyRequests(violation, seconds, [{ reason: 'DisruptionBudget', message: cause, field: '' }])
}

/** The budget with one disruption less, spent on a pod. @throws 403, 429. */
export function spendDisruption(budget: ApiObject, pod: string, now: string): ApiObject {
  const status = objectAt(budget, 'status')
  const name = budget.metadata.name ?? ''
  if (Number(status['observedGeneration'] ?? 0) < Number(budget.metadata.generation ?? 0)) throw stillProcessed(name)
  const allowed = Number(status['disruptionsAllowed'] ?? 0)
  const disrupted = objectAt(status, 'disruptedPods')
  const subject = { group: 'policy', resource: 'poddisruptionbudget', name }
  if (allowed < 0) throw forbidden(subject, 'pdb disruptions allowed is negative')
  if (Object.keys(disrupted).length > disruptedMax) {
    throw forbidden(subject, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  }
  if (allowed === 0) throw refusal(0, whyNone(budget))
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: allowed - 1,
      disruptedPods: { ...disrupted, [pod]: now },
      ...(allowed === 1 ? { conditions: withNoneAllowed(budget, now) } : {}),
    },
  }
}

function conditionOf(budget: ApiObject): ReturnType<typeof listAt>[number] | undefined {
  return listAt(budget, 'status', 'conditions').find((one) => one['type'] === conditionType)
}

function whyNone(budget: ApiObject): string {
  const name = `The disruption budget ${budget.metadata.name ?? ''}`
  const { currentHealthy = 0, desiredHealthy = 0 } = objectAt(budget, 'status')
  const condition = conditionOf(budget)
  const reason = textAt(condition, 'reason')
  const message = condition?.['status'] === 'False' ? textAt(condition, 'message') : ''
  const refused = `${name} does not allow evicting pods currently`
  if (message !== '' && reason === 'SyncFailed') return `${refused} because it failed sync: ${message}`
  if (Number(currentHealthy) <= Number(desiredHealthy)) {
    return `${name} needs ${Number(desiredHealthy)} healthy pods and has ${Number(currentHealthy)} currently`
  }
  return message === '' ? refused : `${refused} (${reason}): ${message}`
}

function withNoneAllowed(budget: ApiObject, now: string): readonly object[] {
  const known = conditionOf(budget)
  const others = listAt(budget, 'status', 'conditions').filter((one) => one !== known)
  const lastTransitionTime = known?.['status'] === 'False' ? known['lastTransitionTime'] : now
  const { observedGeneration = 0 } = objectAt(budget, 'status')
  return [
    ...others,
    {
      type: conditionType,
      status: 'False',
      observedGeneration,
      lastTransitionTime,
      reason: 'InsufficientPods',
      message: '',
    },
  ]
}
