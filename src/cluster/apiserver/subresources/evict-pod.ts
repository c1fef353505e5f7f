/** Evictions: a delete that asks the disruption budgets first. */
import { matchesSelector, type LabelSelectorObject, selectorFromObject } from '#base/data/label-selector.ts'
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import { admitSubresource } from '../admission/admit-subresource.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import { type ApiAnswer, type ApiRequest, isDryRun } from '../api-request.ts'
import { decodeBody } from '../wire/decode-body.ts'
import { deleteObject, type Deletion, deletionOf } from '../writes/delete-object.ts'
import { subjectOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { badRequest, conflict, failure, notFound, unknownResource } from '../status-errors.ts'
import { changeObject } from '../writes/write-object.ts'
import { spendDisruption, stillProcessed } from './spend-disruption.ts'

const evictionType = builtInTypes.find('io.k8s.api.policy.v1.Eviction')
/** kubectl before 1.22 sends v1beta1, which kube-apiserver takes to this day. */
const expectedEviction = {
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  type: evictionType,
  takesVersion: (version: unknown) => version === 'policy/v1beta1',
}
const budgets = 'policy/poddisruptionbudgets'
const triesMost = 20

/** POST pods/NAME/eviction. @throws 404, 429 when a budget is used up, 500 when several budgets match. */
export async function evictPod(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const decoded = decodeBody(request, expectedEviction)
  const eviction = await admitSubresource(parts, request, { object: decoded, own: expectedEviction })
  const named = eviction.metadata.name ?? ''
  if (named !== '' && named !== request.name) throw badRequest('name in URL does not match name in Eviction object')
  const options = objectAt(eviction, 'deleteOptions')
  const asked = deletionOf({ ...request, body: { value: { ...options, kind: 'DeleteOptions', apiVersion: 'v1' } } })
  const deletion = { ...asked, dryRun: asked.dryRun || isDryRun(request) }
  const pod = await evictUnasked(parts, request, deletion)
  if (pod !== undefined) await evictAsked(parts, request, { deletion, pod })
  return {
    form: 'value',
    code: 201,
    object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

/** Evicts a pod that no budget counts; otherwise answers with the pod. */
async function evictUnasked(
  parts: ServerParts,
  request: ApiRequest,
  deletion: Deletion,
): Promise<ApiObject | undefined> {
  for (let attempt = 1; ; attempt++) {
    const pod = await parts.view.findNewest('/pods', request.namespace, request.name)
    if (pod === undefined) throw notFound(subjectOf(request))
    if (!mayGoUnasked(pod)) return pod
    // A pod that is about to run must not slip past its budget: only the state just seen may go.
    const guarded = textAt(pod, 'status', 'phase') === 'Pending' && pod.metadata.deletionTimestamp === undefined
    const resourceVersion = deletion.resourceVersion ?? (guarded ? pod.metadata.resourceVersion : undefined)
    try {
      await announceAndDelete(parts, request, { ...deletion, resourceVersion })
      return undefined
    } catch (error) {
      if (!isConflict(error) || deletion.resourceVersion !== undefined || attempt >= triesMost) throw error
    }
  }
}

async function evictAsked(
  parts: ServerParts,
  request: ApiRequest,
  { deletion, pod }: { readonly deletion: Deletion; readonly pod: ApiObject },
): Promise<void> {
  const unhealthyOf = await askBudget(parts, request, { pod, dryRun: deletion.dryRun })
  if (unhealthyOf === undefined) {
    await announceAndDelete(parts, request, deletion)
    return
  }
  // The pod goes because it is not ready; were it ready by now, its budget would have to be asked.
  const resourceVersion = deletion.resourceVersion ?? pod.metadata.resourceVersion
  try {
    await announceAndDelete(parts, request, { ...deletion, resourceVersion })
  } catch (error) {
    if (!isConflict(error) || deletion.resourceVersion !== undefined) throw error
    throw stillProcessed(unhealthyOf)
  }
}

/** Tells the pod's controller why the pod goes (a Job counts it differently), then deletes it. */
async function announceAndDelete(parts: ServerParts, request: ApiRequest, deletion: Deletion): Promise<void> {
  let { resourceVersion } = deletion
  if (!deletion.dryRun) {
    const answer = await changeObject(
      parts,
      { ...request, verb: 'update' },
      { isApplied: true, repeats: true, next: (live) => announced(live, deletion, parts.view.now()) },
    )
    if (resourceVersion !== undefined && answer.form === 'stored')
      resourceVersion = answer.object.value.metadata.resourceVersion
  }
  await deleteObject(parts, { ...request, verb: 'delete', subresource: '' }, { ...deletion, resourceVersion })
}

function announced(pod: ApiObject, { uid, resourceVersion }: Deletion, now: string): ApiObject {
  const subject = { group: '', resource: 'Pod', name: pod.metadata.name ?? '' }
  if (uid !== undefined && uid !== pod.metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${pod.metadata.uid ?? ''})`
    throw conflict(subject, `${why}. The object might have been deleted and then recreated`)
  }
  if (resourceVersion !== undefined && resourceVersion !== pod.metadata.resourceVersion) {
    const found = pod.metadata.resourceVersion ?? ''
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${found})`
    throw conflict(subject, `${why}. The object might have been modified`)
  }
  const conditions = listAt(pod, 'status', 'conditions')
  const known = conditions.find((one) => one['type'] === 'DisruptionTarget')
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: known?.['status'] === 'True' ? known['lastTransitionTime'] : now,
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  }
  const others = conditions.filter((one) => one !== known)
  return { ...pod, status: { ...objectAt(pod, 'status'), conditions: [...others, condition] } }
}

function isConflict(error: unknown): boolean {
  const { details } = error as { readonly details?: { readonly status?: { readonly reason?: string } } }
  return details?.status?.reason === 'Conflict'
}

/** Pods that do not run, or end already, count in no budget. */
function mayGoUnasked(pod: ApiObject): boolean {
  const phase = textAt(pod, 'status', 'phase')
  return (
    phase === 'Pending' || phase === 'Succeeded' || phase === 'Failed' || pod.metadata.deletionTimestamp !== undefined
  )
}

/** Spends one disruption of the pod's budget. Answers with the budget's name where it lets an unready pod go for nothing. */
async function askBudget(
  parts: ServerParts,
  request: ApiRequest,
  { pod, dryRun }: { readonly pod: ApiObject; readonly dryRun: boolean },
): Promise<string | undefined> {
  const matching = parts.view.list(budgets, request.namespace).filter((budget) => covers(budget, pod))
  if (matching.length > 1)
    throw failure({
      code: 500,
      reason: '',
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    })
  const [budget] = matching
  if (budget === undefined) return undefined
  if (unhealthyMayGo(budget, pod)) return budget.metadata.name
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
    next: (live) => spendDisruption(live, pod.metadata.name ?? '', now),
  })
  return undefined
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
