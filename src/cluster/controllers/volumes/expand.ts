/** The expansion controller: tells of claims that have grown and wait for whoever runs their volumes (pkg/controller/volume/expand, v1.36). */
import { persistentVolumeClaims, persistentVolumes } from '#clients/kubernetes/resources.table.ts'
import { compareQuantities } from '#base/data/quantity.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ControllerContext } from '../controller-context.ts'
import { storageOf } from './match-volume.ts'

/** Starts the controller. */
export function startExpandController(context: ControllerContext): Controller {
  const claims = context.informers.of(persistentVolumeClaims)
  const volumes = context.informers.of(persistentVolumes)
  return createController(context, {
    name: 'volume_expand',
    watches: [
      watch(claims, ({ object, previous }) => (hasGrown(object, previous) ? [keyOf(object)] : [])),
      watch(volumes, () => []),
    ],
    reconcile: (key) => {
      const claim = claims.get(key)
      return claim === undefined ? nothingToDo : planExpansion(claim, volumes.get(claim.spec.volumeName ?? ''))
    },
  })
}

/** True for a bound claim that wants or has more than before. */
function hasGrown(claim: PersistentVolumeClaim, previous: PersistentVolumeClaim | undefined): boolean {
  if (claim.status?.phase !== 'Bound') return false
  const sizes = (of: PersistentVolumeClaim | undefined): readonly (Readonly<Record<string, string>> | undefined)[] => [
    of?.spec.resources?.requests,
    of?.status?.capacity,
  ]
  const before = sizes(previous)
  return sizes(claim).some((size, at) => compareQuantities(storageOf(size), storageOf(before[at])) > 0)
}

/** The event that a larger volume is waited for. No kind of volume is grown here. */
export function planExpansion(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined): Plan {
  const reference = volume?.spec.claimRef
  if (reference?.uid !== claim.metadata.uid || reference?.namespace !== claim.metadata.namespace) return nothingToDo
  const wanted = storageOf(claim.spec.resources?.requests)
  if (compareQuantities(wanted, storageOf(claim.status?.capacity)) <= 0) return nothingToDo
  return {
    subject: claim,
    events: [
      {
        type: 'Normal',
        reason: 'ExternalExpanding',
        message: 'waiting for an external controller to expand this PVC',
      },
    ],
  }
}
