/** Keeps one IPAddress object for each cluster address of a service, and removes those that no service has any more. */
import { ipAddresses, serviceCIDRs, services } from '#clients/kubernetes/resources.table.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { ControllerContext } from '../controller-context.ts'
import { clusterAddresses, planAddress } from './plan-address.ts'

const index = 'address'

/** Starts the controller. */
export function startServiceAddresses(context: ControllerContext): Controller {
  const cache = context.informers.of(services)
  const addresses = context.informers.of(ipAddresses)
  const ranges = context.informers.of(serviceCIDRs)
  cache.addIndex(index, clusterAddresses)
  return createController(context, {
    name: 'service-addresses',
    watches: [
      watch(ranges, () => []),
      watch(cache, ({ type, object, previous }) => {
        const now = clusterAddresses(object)
        const before = previous === undefined ? [] : clusterAddresses(previous)
        return type === 'updated' && equalValues(now, before) ? [] : [...now, ...before]
      }),
      watch(addresses, ({ object }) => [object.metadata.name]),
    ],
    reconcile: (address) =>
      planAddress({
        address,
        known: addresses.get(address),
        services: cache.byIndex(index, address),
        blocks: ranges.list().flatMap(({ spec }) => spec.cidrs ?? []),
        nowMs: context.clock.now(),
      }),
  })
}
