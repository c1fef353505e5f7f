/** Services: cluster addresses and node ports are given out on create, kept on update, given back when the type changes. */
import type { FieldError } from '#spec/kubernetes/validation/field-errors.ts'
import { type ApiObject, objectAt, withMember } from '../../api-object.ts'
import { invalid } from '../../status-errors.ts'
import { withClusterAddresses } from './service-addresses.ts'
import { dropUnfit, keepAllocated, withListedAddress } from './service-changes.ts'
import { settleFamilies } from './service-families.ts'
import { withNodePorts } from './service-ports.ts'
import { serviceFamilies } from './service-ranges.ts'
import type { Strategy, StrategyContext } from '../strategy.ts'

export const serviceStrategy: Partial<Strategy> = {
  prepareCreate: (service, context) =>
    allocate(withListedAddress({ ...unrouted(service), status: { loadBalancer: {} } }), undefined, context),
  prepareUpdate: (next, old, context) => dropUnfit(allocate(keepAllocated(unrouted(next), old), old, context), old),
}

/** Old clients say how the traffic of an external name is routed; it has none, and nobody is shown that it had. */
function unrouted(service: ApiObject): ApiObject {
  const spec = objectAt(service, 'spec')
  if (spec['type'] !== 'ExternalName' || spec['internalTrafficPolicy'] === undefined) return service
  return { ...service, spec: withMember(spec, 'internalTrafficPolicy', undefined) }
}

/** Families, addresses and ports come before validation, as upstream has it: what is wrong with them is told alone. */
function allocate(service: ApiObject, old: ApiObject | undefined, context: StrategyContext): ApiObject {
  const settled = settleFamilies(service, old, serviceFamilies(context.view))
  refuse(service, settled.errors)
  return withNodePorts(withClusterAddresses(settled.service, old, context), old, context)
}

function refuse(service: ApiObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: '', resource: 'Service', name: service.metadata.name }, errors)
}
