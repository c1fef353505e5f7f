/** The service CIDR controller: ranges of service addresses become ready, and go only when no service needs them. */
import { ipAddresses, serviceCIDRs } from '#clients/kubernetes/resources.table.ts'
import type { ServiceCIDR } from '#spec/kubernetes/objects/networking-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { blockHasAddress, blocksOverlap } from './blocks.ts'
import { isManaged } from './managed-address.ts'
import { planServiceCidr } from './plan-service-cidr.ts'

/** Starts the controller. */
export function startServiceCidrs(context: ControllerContext): Controller {
  const cache = context.informers.of(serviceCIDRs)
  const addresses = context.informers.of(ipAddresses)
  const leavingWith = (has: (block: string) => boolean): readonly string[] =>
    cache
      .list()
      .filter(({ metadata, spec }) => metadata.deletionTimestamp !== undefined && (spec.cidrs ?? []).some(has))
      .map(({ metadata }) => metadata.name)
  const overlapping = ({ spec }: ServiceCIDR): readonly string[] =>
    leavingWith((block) => (spec.cidrs ?? []).some((own) => blocksOverlap(own, block)))
  return createController(context, {
    name: 'service-cidr',
    watches: [
      watch(cache, ({ object }) => [object.metadata.name, ...overlapping(object)]),
      watch(addresses, ({ object }) =>
        isManaged(object) ? leavingWith((block) => blockHasAddress(block, object.metadata.name)) : [],
      ),
    ],
    reconcile: (name) => {
      const cidr = cache.get(name)
      if (cidr === undefined) return nothingToDo
      return planServiceCidr({ cidr, all: cache.list(), addresses: addresses.list(), nowMs: context.clock.now() })
    },
  })
}
