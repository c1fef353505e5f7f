/**
 * Who may write which part of a claim's status: allocations need the right to `resourceclaims/binding`, what a driver says
 * of its devices the right to `resourceclaims/driver` for that driver (registry/resource, v1.36).
 */
import { type Access, type Authorizer, refusalOf } from '../authorization/access.ts'
import { type ApiObject, equalJson, listAt, objectAt, textAt } from '../api-object.ts'
import type { User } from '../user.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { adminAccessCauses, deviceKey } from '../strategies/resource-claims.ts'
import { type Cause, forbidden, invalid } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'

const group = 'resource.k8s.io'
const nodeKey = 'authentication.kubernetes.io/node-name'

/** The step, with the authoriser that is asked. */
export function resourceClaimRights(authorizer: Authorizer): AdmissionStep {
  return {
    name: 'ResourceClaimRights',
    applies: ({ group: of, resource }, operation, subresource) =>
      of === group && resource === 'resourceclaims' && operation === 'UPDATE' && subresource === 'status',
    validate: async (request) => {
      const { object, old, view, namespace, name } = request
      if (object === undefined || old === undefined) return
      const [now, before] = [resultsOf(object), resultsOf(old)]
      const wasAdmin = before.some((result) => result['adminAccess'] === true)
      const path = 'status.allocation.devices.results'
      const causes = [
        ...(wasAdmin ? [] : adminAccessCauses({ view, namespace }, now, path)),
        ...(await bindingCauses(authorizer, request)),
        ...(await driverCauses(authorizer, request)),
      ]
      if (causes.length > 0) throw invalid({ group, resource: 'ResourceClaim', name }, causes)
    },
  }
}

function resultsOf(claim: ApiObject): readonly JsonObject[] {
  return listAt(objectAt(claim, 'status', 'allocation', 'devices'), 'results')
}

function verbOf({ verb }: AdmissionRequest): string {
  return verb === 'patch' ? 'patch' : 'update'
}

interface Question {
  readonly verb: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}

/** Why a user may not, undefined when he may. */
async function refusal(authorizer: Authorizer, user: User, question: Question): Promise<string | undefined> {
  const access: Access = { user, isResource: true, group, resource: 'resourceclaims', path: '', ...question }
  const { allowed, reason } = await authorizer.decide(access)
  if (allowed) return undefined
  const why = reason === '' ? refusalOf(access) : `${refusalOf(access)}: ${reason}`
  return forbidden({ group, resource: 'resourceclaims', name: question.name }, why).message
}

async function bindingCauses(authorizer: Authorizer, request: AdmissionRequest): Promise<readonly Cause[]> {
  const [now, before] = [objectAt(request.object, 'status'), objectAt(request.old, 'status')]
  if (equalJson(now['allocation'], before['allocation']) && equalJson(now['reservedFor'], before['reservedFor'])) {
    return []
  }
  const verb = verbOf(request)
  const why = await refusal(authorizer, request.user, { verb, subresource: 'binding', namespace: '', name: '' })
  if (why === undefined) return []
  const what = 'changing status.allocation or status.reservedFor requires resource="resourceclaims/binding"'
  return [cause('status.allocation', `${what}, verb="${verb}" permission: ${why}`)]
}

function cause(field: string, why: string): Cause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field }
}

/** Drivers whose devices have another report than before, by name. */
function changedDrivers(next: ApiObject, old: ApiObject): readonly string[] {
  const reports = (claim: ApiObject): ReadonlyMap<string, object> =>
    new Map(listAt(objectAt(claim, 'status'), 'devices').map((device) => [deviceKey(device), device]))
  const [now, before] = [reports(next), reports(old)]
  const keys = new Set([...now.keys(), ...before.keys()])
  const changed = [...keys].filter((key) => !equalJson(now.get(key), before.get(key)))
  return [...new Set(changed.map((key) => textAt(now.get(key) ?? before.get(key), 'driver')))].toSorted()
}

/** The one node that an allocation is tied to, `''` when it is not tied to one. */
function nodeOfAllocation(claim: ApiObject): string {
  const terms = listAt(objectAt(claim, 'status', 'allocation', 'nodeSelector'), 'nodeSelectorTerms')
  const [term, ...others] = terms
  if (term === undefined || others.length > 0 || listAt(term, 'matchExpressions').length > 0) return ''
  const [field, ...more] = listAt(term, 'matchFields')
  const isName = textAt(field, 'key') === 'metadata.name' && textAt(field, 'operator') === 'In'
  const values = field?.['values'] ?? []
  return isName && more.length === 0 && Array.isArray(values) && values.length === 1 ? String(values[0]) : ''
}

/** True for a service account whose token is bound to the node of the allocation. */
function isOnNode(user: User, node: string): boolean {
  const nodes = user.extra?.[nodeKey] ?? []
  return node !== '' && user.name.startsWith('system:serviceaccount:') && nodes.length === 1 && nodes[0] === node
}

async function driverCauses(authorizer: Authorizer, request: AdmissionRequest): Promise<readonly Cause[]> {
  const { object, old, user, namespace } = request
  if (object === undefined || old === undefined || objectAt(object, 'status')['allocation'] === undefined) return []
  const verb = verbOf(request)
  const anywhere = `arbitrary-node:${verb}`
  const verbs = isOnNode(user, nodeOfAllocation(object)) ? [`associated-node:${verb}`, anywhere] : [anywhere]
  const what = 'changing status.devices requires resource="resourceclaims/driver"'
  const causes: Cause[] = []
  for (const name of changedDrivers(object, old)) {
    const asked = verbs.map((one) => refusal(authorizer, user, { verb: one, subresource: 'driver', namespace, name }))
    const refusals = await Promise.all(asked)
    if (refusals.includes(undefined)) continue
    causes.push(cause('status.devices', `${what}, verb="[${verbs.join(' ')}]" permission: ${refusals[0] ?? ''}`))
  }
  return causes
}
