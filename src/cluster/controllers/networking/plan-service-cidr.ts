/** Decides about a range of service addresses: ready, or going as soon as no service depends on it. Pure (v1.36, servicecidrs). */
import { serviceCIDRs } from '#clients/kubernetes/resources.table.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { IPAddress, ServiceCIDR } from '#spec/kubernetes/objects/networking-v1.generated.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { conditionOf } from '#kit/reconcile/conditions.ts'
import { type Action, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { blockHasAddress, blockHasBlock } from './blocks.ts'
import { isManaged } from './managed-address.ts'

export const cidrFinalizer = 'networking.k8s.io/service-cidr-finalizer'
/** Whoever gives out addresses must have heard of the deletion before the range goes. */
const graceMs = 10_000
const manager = 'service-cidr-controller'

export interface ServiceCidrView {
  readonly cidr: ServiceCIDR
  readonly all: readonly ServiceCIDR[]
  readonly addresses: readonly IPAddress[]
  readonly nowMs: number
}

const blocksOf = ({ spec }: ServiceCIDR): readonly string[] => spec.cidrs ?? []

/** True when every address of the range lies in another range too, or no service has one that does not. */
export function mayGo({ cidr, all, addresses }: Omit<ServiceCidrView, 'nowMs'>): boolean {
  const others = all.filter(({ metadata }) => metadata.name !== cidr.metadata.name)
  const blocks = others.flatMap(blocksOf)
  if (blocksOf(cidr).every((block) => blocks.some((outer) => blockHasBlock(outer, block)))) return true
  return !addresses.some(
    (address) =>
      isManaged(address) &&
      blocksOf(cidr).some((block) => blockHasAddress(block, address.metadata.name)) &&
      !blocks.some((block) => blockHasAddress(block, address.metadata.name)),
  )
}

/** The plan for a range. */
export function planServiceCidr(view: ServiceCidrView): Plan {
  const { cidr, nowMs } = view
  const { deletionTimestamp, finalizers = [] } = cidr.metadata
  const isProtected = finalizers.includes(cidrFinalizer)
  if (deletionTimestamp === undefined) {
    const ready = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }
    const protection = isProtected ? [] : [patch(cidr, { finalizers: [cidrFinalizer] })]
    return asPlan(cidr, [...protection, ...condition(cidr, ready, nowMs)])
  }
  if (!isProtected) return nothingToDo
  if (!mayGo(view)) {
    const message =
      'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR'
    return asPlan(cidr, condition(cidr, { status: 'False', reason: 'Terminating', message }, nowMs))
  }
  const waitMs = graceMs - (nowMs - (epochMsOf(deletionTimestamp) ?? nowMs))
  if (waitMs > 0) return { lookAgainAfterMs: waitMs }
  return asPlan(cidr, [patch(cidr, { '$deleteFromPrimitiveList/finalizers': [cidrFinalizer] })])
}

function asPlan(subject: ServiceCIDR, actions: readonly Action[]): Plan {
  return actions.length === 0 ? nothingToDo : { subject, actions }
}

function patch(object: ServiceCIDR, metadata: JsonObject): Action {
  return { do: 'patch', resource: serviceCIDRs, object, type: 'strategic', patch: { metadata } }
}

function condition(
  cidr: ServiceCIDR,
  wanted: { readonly status: string; readonly reason: string; readonly message: string },
  nowMs: number,
): readonly Action[] {
  const known = conditionOf(cidr.status?.conditions, 'Ready')
  const { status, reason, message } = wanted
  if (known?.status === status && known.message === message && (known.reason ?? '') === reason) return []
  const time = known?.status === status ? known.lastTransitionTime : apiTime(nowMs)
  return [
    {
      do: 'patch',
      resource: serviceCIDRs,
      object: cidr,
      type: 'apply',
      subresource: 'status',
      fieldManager: manager,
      force: true,
      patch: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name: cidr.metadata.name },
        status: { conditions: [{ type: 'Ready', status, reason, message, lastTransitionTime: time }] },
      },
    },
  ]
}
