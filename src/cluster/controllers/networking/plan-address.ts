/** Decides about one cluster address: the IPAddress object says which service has it. Pure (v1.36, repairip). */
import { ipAddresses } from '#clients/kubernetes/resources.table.ts'
import type { Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { IPAddress } from '#spec/kubernetes/objects/networking-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import { type Action, type EventText, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { blockHasAddress } from './blocks.ts'
import { familyOf, isManaged, labelsOf } from './managed-address.ts'

export interface AddressView {
  readonly address: string
  /** The object of that name, if there is one. */
  readonly known: IPAddress | undefined
  /** Services that have the address. */
  readonly services: readonly Service[]
  /** Blocks of all service ranges. */
  readonly blocks: readonly string[]
  readonly nowMs: number
}

/** An address is written before its service: one that nobody has may still get its owner. */
const ownerlessMs = 5000

/** The cluster addresses of a service. */
export function clusterAddresses({ spec }: Service): readonly string[] {
  const listed = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP])
  return spec.type === 'ExternalName' ? [] : listed.filter((address) => address !== '' && address !== 'None')
}

/** The plan for an address. */
export function planAddress(view: AddressView): Plan {
  const { address, known, services } = view
  const [owner, ...others] = services.toSorted(olderFirst)
  if (owner === undefined) return planUnused(known, view.nowMs)
  const events = [
    ...(view.blocks.some((block) => blockHasAddress(block, address)) ? [] : [outOfRange(owner, address)]),
    ...others.map((other) => takenTwice(other, address)),
  ]
  if (known === undefined) return { subject: owner, actions: [create(owner, address)], events }
  if (refersTo(known, owner) && isManaged(known)) return events.length === 0 ? nothingToDo : { subject: owner, events }
  const { namespace = '', name } = owner.metadata
  const wrong = `the ClusterIP [${familyOf(address)}]: ${address} for Service ${namespace}/${name} has a wrong reference; repairing`
  return {
    subject: owner,
    actions: [remove(known), create(owner, address)],
    events: [warning('ClusterIPNotAllocated', wrong), ...events],
  }
}

/** An address that no service has: ours goes, one that somebody made for something else stays. */
function planUnused(known: IPAddress | undefined, nowMs: number): Plan {
  if (known === undefined || !isManaged(known)) return nothingToDo
  const waitMs = ownerlessMs - (nowMs - (epochMsOf(known.metadata.creationTimestamp) ?? 0))
  return waitMs > 0 ? { lookAgainAfterMs: waitMs } : { subject: known, actions: [remove(known)] }
}

function olderFirst(a: Service, b: Service): number {
  const madeMs = ({ metadata }: Service): number => epochMsOf(metadata.creationTimestamp) ?? 0
  return madeMs(a) - madeMs(b) || ((a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1)
}

function refersTo({ spec }: IPAddress, { metadata }: Service): boolean {
  const { group = '', resource, namespace, name } = spec.parentRef
  return group === '' && resource === 'services' && namespace === metadata.namespace && name === metadata.name
}

function remove(object: IPAddress): Action {
  return { do: 'delete', resource: ipAddresses, object }
}

function create({ metadata }: Service, address: string): Action {
  const { namespace = '', name } = metadata
  const object: IPAddress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name: address, labels: labelsOf(address) },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  }
  return { do: 'create', resource: ipAddresses, object, ifExists: 'keep' }
}

function warning(reason: string, message: string): EventText {
  return { type: 'Warning', reason, message, action: 'ClusterIPAllocation' }
}

function outOfRange(service: Service, address: string): EventText {
  const message = `Cluster IP [${familyOf(address)}]: ${address} is not within any configured Service CIDR; please recreate service`
  return { ...warning('ClusterIPOutOfRange', message), regarding: service }
}

function takenTwice(service: Service, address: string): EventText {
  const message = `Cluster IP [${familyOf(address)}]:${address} was assigned to multiple services; please recreate service`
  return { ...warning('ClusterIPAlreadyAllocated', message), regarding: service }
}
