/** What is written to bind a claim and a volume to each other, each step left out where it is done already. Pure. */
import { persistentVolumeClaims, persistentVolumes } from '#clients/kubernetes/resources.table.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimPhase,
  PersistentVolumeClaimStatus,
  PersistentVolumePhase,
} from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Action } from '#kit/reconcile/plan.ts'
import { annotation, hasAnnotation, isReservedFor } from './claim-names.ts'

/** The size that a volume had before its expansion began: what the claim is told until its file system has grown. */
const preResizeCapacity = 'volume.alpha.kubernetes.io/pre-resize-capacity'

/** All steps, the volume's first: a crash in between leaves a reservation that the next try completes. */
export function bindClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): readonly Action[] {
  const reserved = reserveVolume(volume, claim)
  const named = nameVolume(claim, volume)
  return [
    ...(reserved === volume ? [] : [{ do: 'update', resource: persistentVolumes, object: reserved } as const]),
    ...volumePhase(reserved, 'Bound'),
    ...(named === claim ? [] : [{ do: 'update', resource: persistentVolumeClaims, object: named } as const]),
    ...claimPhase(named, 'Bound', volume),
  ]
}

function withAnnotation<T extends PersistentVolume | PersistentVolumeClaim>(object: T, name: string): T {
  if (hasAnnotation(object, name)) return object
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [name]: 'yes' } },
  }
}

function reserveVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const marked = isReservedFor(volume, claim) ? volume : withAnnotation(volume, annotation.boundByController)
  const { name, namespace, uid, resourceVersion } = claim.metadata
  const known = volume.spec.claimRef
  if (known?.name === name && known.namespace === namespace && known.uid === uid) return marked
  const claimRef = {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  return { ...marked, spec: { ...volume.spec, claimRef } }
}

function nameVolume(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  if (claim.spec.volumeName === volume.metadata.name) return withAnnotation(claim, annotation.bindCompleted)
  const named = { ...claim, spec: { ...claim.spec, volumeName: volume.metadata.name } }
  return withAnnotation(withAnnotation(named, annotation.boundByController), annotation.bindCompleted)
}

/** The volume's phase, written where it is another one. */
export function volumePhase(volume: PersistentVolume, phase: PersistentVolumePhase, message = ''): readonly Action[] {
  if (volume.status?.phase === phase) return []
  const { message: _, ...status } = volume.status ?? {}
  const next = { ...status, phase, ...(message === '' ? {} : { message }) }
  return [{ do: 'update-status', resource: persistentVolumes, object: { ...volume, status: next } }]
}

/** The claim's phase and what it says about its volume, written where something is different. */
export function claimPhase(
  claim: PersistentVolumeClaim,
  phase: PersistentVolumeClaimPhase,
  volume?: PersistentVolume,
): readonly Action[] {
  const status = claimStatus(claim, phase, volume)
  if (equalValues(status, claim.status ?? {})) return []
  return [{ do: 'update-status', resource: persistentVolumeClaims, object: { ...claim, status } }]
}

function claimStatus(
  claim: PersistentVolumeClaim,
  phase: PersistentVolumeClaimPhase,
  volume: PersistentVolume | undefined,
): PersistentVolumeClaimStatus {
  const { accessModes: _, capacity, currentVolumeAttributesClassName, ...rest } = claim.status ?? {}
  if (volume === undefined) return { ...rest, phase }
  const { accessModes, volumeAttributesClassName } = volume.spec
  const isNew = claim.status?.phase !== phase
  // Later changes of the size are the expansion's to tell.
  const size = isNew ? sizeOf(volume) : capacity
  const attributesClass =
    claim.status?.phase === 'Pending' ? volumeAttributesClassName : currentVolumeAttributesClassName
  return {
    ...rest,
    phase,
    ...(accessModes === undefined ? {} : { accessModes }),
    ...(size === undefined ? {} : { capacity: size }),
    ...(attributesClass === undefined ? {} : { currentVolumeAttributesClassName: attributesClass }),
  }
}

function sizeOf({ metadata, spec }: PersistentVolume): PersistentVolumeClaimStatus['capacity'] {
  const before = metadata.annotations?.[preResizeCapacity]
  return before === undefined ? spec.capacity : { ...spec.capacity, storage: before }
}

/** The volume free again for anybody, or for the claim that its maker reserved it for. */
export function unbindVolume(volume: PersistentVolume): readonly Action[] {
  const object = unbound(volume)
  return [{ do: 'update', resource: persistentVolumes, object }, ...volumePhase(object, 'Available')]
}

function unbound(volume: PersistentVolume): PersistentVolume {
  const { claimRef, ...spec } = volume.spec
  if (!hasAnnotation(volume, annotation.boundByController)) {
    const { uid: _, ...reserved } = claimRef ?? {}
    return { ...volume, spec: { ...spec, ...(claimRef === undefined ? {} : { claimRef: reserved }) } }
  }
  const { annotations = {}, ...metadata } = volume.metadata
  const { [annotation.boundByController]: __, ...others } = annotations
  const kept = Object.keys(others).length === 0 ? {} : { annotations: others }
  return { ...volume, metadata: { ...metadata, ...kept }, spec }
}
