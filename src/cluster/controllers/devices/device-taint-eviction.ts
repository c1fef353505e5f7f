/** The device taint eviction controller: pods leave devices that their driver says must not be used. */
import { pods, resourceClaims, resourceSlices } from '#clients/kubernetes/resources.table.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type {
  DeviceRequestAllocationResult,
  DeviceTaint,
  ResourceSlice,
} from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { planDeviceEviction } from './plan-device-eviction.ts'
import { podClaims } from './pod-claims.ts'
import { byClaim, indexByClaim } from './pods-of-claim.ts'

const byPool = 'pool'

const poolOf = ({ spec }: ResourceSlice): string => `${spec.driver}/${spec.pool.name}`

function taintsIn({ spec }: ResourceSlice): readonly (readonly DeviceTaint[])[] {
  return (spec.devices ?? []).map(({ taints = [] }) => taints)
}

/** Starts the controller. */
export function startDeviceTaintEviction(context: ControllerContext): Controller {
  const { informers, clock } = context
  const podCache = informers.of(pods)
  const claims = informers.of(resourceClaims)
  const slices = informers.of(resourceSlices)
  indexByClaim(podCache)
  slices.addIndex(byPool, (slice) => [poolOf(slice)])
  const taintsOf = ({ driver, pool, device }: DeviceRequestAllocationResult): readonly DeviceTaint[] =>
    slices
      .byIndex(byPool, `${driver}/${pool}`)
      .flatMap(({ spec }) => (spec.devices ?? []).filter(({ name }) => name === device))
      .flatMap(({ taints = [] }) => taints)
  /** Pods whose claims have devices of a pool. */
  const podsOn = (pool: string): readonly string[] =>
    claims
      .list()
      .filter(({ status }) =>
        (status?.allocation?.devices?.results ?? []).some((one) => `${one.driver}/${one.pool}` === pool),
      )
      .flatMap((claim) => podCache.byIndex(byClaim, keyOf(claim)).map(keyOf))
  return createController(context, {
    name: 'device-taint-eviction',
    watches: [
      watch(slices, ({ object, previous }) =>
        previous !== undefined && equalValues(taintsIn(previous), taintsIn(object)) ? [] : podsOn(poolOf(object)),
      ),
      watch(claims, ({ object }) => podCache.byIndex(byClaim, keyOf(object)).map(keyOf)),
      watch(podCache, ({ type, object }) =>
        type !== 'deleted' && (object.spec.resourceClaims ?? []).length > 0 ? [keyOf(object)] : [],
      ),
    ],
    reconcile: (key) => {
      const pod = podCache.get(key)
      if (pod === undefined) return nothingToDo
      const named = podClaims(pod).flatMap(({ claim }) =>
        typeof claim === 'string' ? (claims.get(keyFrom(pod.metadata.namespace, claim)) ?? []) : [],
      )
      return planDeviceEviction({ pod, claims: named, taintsOf, nowMs: clock.now() })
    },
  })
}
