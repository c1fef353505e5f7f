/** The protection controllers: a claim that a pod uses, a volume that is bound, and an attributes class in use are deleted only afterwards. */
import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttributesClasses,
} from '#clients/kubernetes/resources.table.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { hasFinalizer, isBeingDeleted, withFinalizer, withoutFinalizer } from '#kit/reconcile/finalizers.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { isPodFinished } from '../workloads/pod-state.ts'
import { claimsOf } from './claim-names.ts'

const claimFinalizer = 'kubernetes.io/pvc-protection'
const volumeFinalizer = 'kubernetes.io/pv-protection'

/** Puts the finalizer on what lives and takes it off what is being deleted and not in use. */
export function planProtection<T extends KubernetesObject>(
  object: T,
  terms: { readonly resource: ApiResource<T>; readonly finalizer: string; readonly isUsed: boolean },
): Plan {
  const { resource, finalizer, isUsed } = terms
  const has = hasFinalizer(object, finalizer)
  if (!isBeingDeleted(object))
    return has ? nothingToDo : { actions: [{ do: 'update', resource, object: withFinalizer(object, finalizer) }] }
  return has && !isUsed
    ? { actions: [{ do: 'update', resource, object: withoutFinalizer(object, finalizer) }] }
    : nothingToDo
}

/** Starts the protection of claims. */
export function startClaimProtection(context: ControllerContext): Controller {
  const claims = context.informers.of(persistentVolumeClaims)
  const podCache = context.informers.of(pods)
  podCache.addIndex('claim', claimsOf)
  return createController(context, {
    name: 'pvc-protection',
    watches: [watch(claims, ({ object }) => [keyOf(object)]), watch(podCache, ({ object }) => claimsOf(object))],
    reconcile: (key) => {
      const claim = claims.get(key)
      if (claim === undefined) return nothingToDo
      const isUsed = podCache
        .byIndex('claim', key)
        .some((pod) => !isPodFinished(pod) && (pod.spec.nodeName ?? '') !== '')
      return planProtection(claim, { resource: persistentVolumeClaims, finalizer: claimFinalizer, isUsed })
    },
  })
}

/** Starts the protection of volumes. */
export function startVolumeProtection(context: ControllerContext): Controller {
  const volumes = context.informers.of(persistentVolumes)
  return createController(context, {
    name: 'pv-protection',
    watches: [watch(volumes, ({ object }) => [keyOf(object)])],
    reconcile: (key) => {
      const volume = volumes.get(key)
      if (volume === undefined) return nothingToDo
      return planProtection(volume, {
        resource: persistentVolumes,
        finalizer: volumeFinalizer,
        isUsed: volume.status?.phase === 'Bound',
      })
    },
  })
}

const attributesFinalizer = 'kubernetes.io/vac-protection'
const attributesIndex = 'attributes-class'

function classesOfClaim({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = new Set([
    spec.volumeAttributesClassName ?? '',
    status?.currentVolumeAttributesClassName ?? '',
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName ?? '',
  ])
  names.delete('')
  return [...names]
}

function classesOfVolume({ spec: { volumeAttributesClassName: name = '' } }: PersistentVolume): readonly string[] {
  return name === '' ? [] : [name]
}

/** Starts the protection of attributes classes that a claim or a volume names. */
export function startAttributesClassProtection(context: ControllerContext): Controller {
  const classes = context.informers.of(volumeAttributesClasses)
  const claims = context.informers.of(persistentVolumeClaims)
  const volumes = context.informers.of(persistentVolumes)
  claims.addIndex(attributesIndex, classesOfClaim)
  volumes.addIndex(attributesIndex, classesOfVolume)
  return createController(context, {
    name: 'volumeattributesclass-protection',
    watches: [
      watch(classes, ({ object }) => [keyOf(object)]),
      // A class is let go when the last one that used it does not any more.
      watch(claims, ({ type, object, previous }) => [
        ...(previous === undefined ? [] : classesOfClaim(previous)),
        ...(type === 'deleted' ? classesOfClaim(object) : []),
      ]),
      watch(volumes, ({ type, object, previous }) => [
        ...(previous === undefined ? [] : classesOfVolume(previous)),
        ...(type === 'deleted' ? classesOfVolume(object) : []),
      ]),
    ],
    reconcile: (key) => {
      const attributesClass = classes.get(key)
      if (attributesClass === undefined) return nothingToDo
      const isUsed = claims.byIndex(attributesIndex, key).length > 0 || volumes.byIndex(attributesIndex, key).length > 0
      return planProtection(attributesClass, {
        resource: volumeAttributesClasses,
        finalizer: attributesFinalizer,
        isUsed,
      })
    },
  })
}
