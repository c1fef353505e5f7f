/** Evictions: a delete that asks the disruption budgets first. */
import { matchesSelector, type LabelSelectorObject, selectorFromObject } from '#base/data/label-selector.ts'
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import { type ApiAnswer, type ApiRequest, isDryRun } from '../api-request.ts'
import { decodeBody } from '../decode-body.ts'
import { deleteObject, deletionOf } from '../delete-object.ts'
import { subjectOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { badRequest, internalError, notFound, tooManyRequests, unknownResource } from '../status-errors.ts'
import { changeObject } from '../write-object.ts'

const evictionType = builtInTypes.find('io.k8s.api.policy.v1.Eviction')
const budgets = 'policy/poddisruptionbudgets'
/** Larger maps mean a broken disruption controller. */
const disruptedMax = 2000

/** POST pods/NAME/eviction. @throws 404, 429 when a budget is used up, 500 when several budgets match. */
export async function evictPod(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const eviction = decodeBody(request, { apiVersion: 'policy/v1', kind: 'Eviction', type: evictionType })
  const named = eviction.metadata.name ?? ''
  if (named !== '' && named !== request.name) throw badRequest('name in URL does not match name in Eviction object')
  const pod = await parts.view.findNewest('/pods', request.namespace, request.name)
  if (pod === undefined) throw notFound(subjectOf(request))
  const options = objectAt(eviction, 'deleteOptions')
  const deletion = deletionOf({ ...request, body: { value: { ...options, kind: 'DeleteOptions', apiVersion: 'v1' } } })
  const dryRun = deletion.dryRun || isDryRun(request)
  if (!mayGoUnasked(pod)) await askBudget(parts, request, { pod, dryRun })
  await deleteObject(parts, { ...request, verb: 'delete', subresource: '' }, { ...deletion, dryRun })
  return {
    form: 'value',
    code: 201,
    object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

/** Pods that do not run count in no budget. */
function mayGoUnasked(pod: ApiObject): boolean {
  const phase = textAt(pod, 'status', 'phase')
  return (
    phase === 'Pending' || phase === 'Succeeded' || phase === 'Failed' || pod.metadata.deletionTimestamp !== undefined
  )
}

async function askBudget(
  parts: ServerParts,
  request: ApiRequest,
  { pod, dryRun }: { readonly pod: ApiObject; readonly dryRun: boolean },
): Promise<void> {
  const matching = parts.view.list(budgets, request.namespace).filter((budget) => covers(budget, pod))
  if (matching.length > 1)
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  const [budget] = matching
  if (budget === undefined) return
  if (unhealthyMayGo(budget, pod)) return
  const resource = parts.resources.find('policy', 'v1', 'poddisruptionbudgets')
  if (resource === undefined) throw unknownResource()
  const now = parts.view.now()
  const name = budget.metadata.name ?? ''
  const budgetRequest: ApiRequest = {
    ...request,
    resource,
    subresource: 'status',
    verb: 'update',
    name,
    query: (key) => (key === 'dryRun' && dryRun ? 'All' : request.query(key)),
  }
  await changeObject(parts, budgetRequest, {
    repeats: true,
    next: (live) => spend(live, pod.metadata.name ?? '', now),
  })
}

function covers(budget: ApiObject, pod: ApiObject): boolean {
  const selector = objectAt(budget, 'spec')['selector']
  if (selector === undefined) return false
  return matchesSelector(selectorFromObject(selector as LabelSelectorObject), pod.metadata.labels)
}

function isReady(pod: ApiObject): boolean {
  return listAt(pod, 'status', 'conditions').some((one) => one['type'] === 'Ready' && one['status'] === 'True')
}

/** Running pods that are not ready: `AlwaysAllow` lets them go, otherwise only a budget that is met does. */
function unhealthyMayGo(budget: ApiObject, pod: ApiObject): boolean {
  if (isReady(pod)) return false
  if (textAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true
  const { currentHealthy, desiredHealthy } = objectAt(budget, 'status')
  return (
    typeof currentHealthy === 'number' &&
    typeof desiredHealthy === 'number' &&
    desiredHealthy > 0 &&
    currentHealthy >= desiredHealthy
  )
}

function refusal(message: string, seconds: number, cause: string): Error {
  return tooManyRequests(message, seconds, [{ reason: 'DisruptionBudget', message: cause, field: '' }])
}

/** The budget with one disruption less. */
function spend(budget: ApiObject, pod: string, now: string): ApiObject {
  const status = objectAt(budget, 'status')
  const name = budget.metadata.name ?? ''
  const violation = "Cannot evict pod as it would violate the pod's disruption budget."
  if (Number(status['observedGeneration'] ?? 0) < Number(budget.metadata.generation ?? 0))
    throw refusal(violation, 10, `The disruption budget ${name} is still being processed by the server.`)
  const allowed = Number(status['disruptionsAllowed'] ?? 0)
  const disrupted = objectAt(status, 'disruptedPods')
  if (Object.keys(disrupted).length > disruptedMax)
    throw refusal(violation, 0, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  if (allowed <= 0) {
    const needs = `The disruption budget ${name} needs ${Number(status['desiredHealthy'] ?? 0)} healthy pods and has ${Number(status['currentHealthy'] ?? 0)} currently`
    throw refusal(violation, 0, needs)
  }
  return {
    ...budget,
    status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods: { ...disrupted, [pod]: now } },
  }
}
