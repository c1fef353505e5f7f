/** Resource claims: who may ask for devices as an administrator, and what a claim forgets with its allocation. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import type { StrategyView } from './strategy-view.ts'
import type { Cause } from '../status-errors.ts'
import type { Strategy } from './strategy.ts'

const adminLabel = 'resource.kubernetes.io/admin-access'

/** The failure for the first of the items that asks for administrators' access where the namespace does not allow it. */
export function adminAccessCauses(
  { view, namespace }: { readonly view: StrategyView; readonly namespace: string },
  items: readonly JsonObject[],
  path: string,
): readonly Cause[] {
  const index = items.findIndex((item) => item['adminAccess'] === true)
  if (index < 0) return []
  const labels = view.find('/namespaces', '', namespace)?.metadata.labels
  if (labels?.[adminLabel] === 'true') return []
  const why = `admin access to devices requires the \`${adminLabel}: true\` label on the containing namespace`
  return [{ reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field: `${path}[${index}].adminAccess` }]
}

/** What tells one device, or share of one, from all others. */
export function deviceKey(device: object): string {
  return ['driver', 'pool', 'device', 'shareID'].map((name) => textAt(device, name)).join('/')
}

function allocated(claim: ApiObject): ReadonlySet<string> {
  return new Set(listAt(objectAt(claim, 'status', 'allocation', 'devices'), 'results').map(deviceKey))
}

/** What drivers said of devices goes with the allocation of those devices. */
function withoutGone(next: ApiObject, old: ApiObject): ApiObject {
  const { devices, ...status } = objectAt(next, 'status')
  if (!Array.isArray(devices)) return next
  const [before, now] = [allocated(old), allocated(next)]
  const kept = devices.filter((device: object) => !before.has(deviceKey(device)) || now.has(deviceKey(device)))
  if (kept.length === devices.length) return next
  return { ...next, status: kept.length === 0 ? status : { ...status, devices: kept } }
}

/** Only those whom the namespace lets be administrators may ask for it, in a claim or in the template of one. */
function checkRequests(holder: ApiObject, spec: JsonObject, view: StrategyView): readonly Cause[] {
  const requests = listAt(objectAt(spec, 'devices'), 'requests').map((one) => objectAt(one, 'exactly'))
  return adminAccessCauses({ view, namespace: holder.metadata.namespace ?? '' }, requests, 'spec.devices.requests')
}

export const resourceClaimStrategy: Partial<Strategy> = {
  checkCreate: (claim, { view }) => checkRequests(claim, objectAt(claim, 'spec'), view),
  prepareStatusUpdate: withoutGone,
}

export const resourceClaimTemplateStrategy: Partial<Strategy> = {
  checkCreate: (template, { view }) => checkRequests(template, objectAt(template, 'spec', 'spec'), view),
}
