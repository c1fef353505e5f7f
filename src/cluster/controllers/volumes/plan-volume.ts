/** Decides what becomes of a volume: free, bound, released, and what its reclaim policy then asks for (pkg/controller/volume, v1.36). */
import { persistentVolumes } from '#clients/kubernetes/resources.table.ts'
import { withoutFinalizer } from '#kit/reconcile/finalizers.ts'
import type { Action, Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { unbindVolume, volumePhase } from './bind-claim.ts'
import { annotation, hasAnnotation } from './claim-names.ts'
import { isBuiltIn, isDriven, isRecyclable } from './in-tree-plugins.ts'
import { isSameMode } from './match-volume.ts'
import { planRecycling, type RecyclingObserved } from './plan-recycling.ts'

/** Set on volumes that a built-in plugin made, until it has deleted them. */
const builtInFinalizer = 'kubernetes.io/pv-controller'

export interface VolumeObserved extends RecyclingObserved {
  /** The claim that the volume's reference names, if it is still the same one. */
  readonly claim: PersistentVolumeClaim | undefined
}

/** The plan for one volume. */
export function planVolume(observed: VolumeObserved): Plan {
  const { volume, claim } = observed
  const reference = volume.spec.claimRef
  if (reference === undefined || (reference.uid ?? '') === '') return { actions: volumePhase(volume, 'Available') }
  if (claim === undefined) return planReleased(observed)
  const { volumeName = '' } = claim.spec
  if (volumeName === volume.metadata.name) return { actions: volumePhase(volume, 'Bound') }
  if (volumeName === '') return isSameMode(volume, claim) ? {} : planWrongMode(volume, claim)
  // The claim went to another volume: one made only for it is of no use any more.
  const isSpare =
    hasAnnotation(volume, annotation.provisionedBy) && volume.spec.persistentVolumeReclaimPolicy === 'Delete'
  return isSpare ? planReleased(observed) : { actions: unbindVolume(volume) }
}

function planWrongMode(volume: PersistentVolume, claim: PersistentVolumeClaim): Plan {
  const why = 'due to incompatible volumeMode.'
  const [volumeName, claimName] = [volume, claim].map(({ metadata }) => JSON.stringify(metadata.name))
  const told = { type: 'Warning', reason: 'VolumeMismatch' } as const
  return {
    subject: volume,
    events: [
      { ...told, message: `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${claimName} ${why}` },
      {
        ...told,
        message: `Cannot bind PersistentVolume ${volumeName} to requested PersistentVolumeClaim ${why}`,
        regarding: claim,
      },
    ],
  }
}

function planReleased(observed: VolumeObserved): Plan {
  const { volume } = observed
  const isEnding = volume.status?.phase === 'Released' || volume.status?.phase === 'Failed'
  const released = isEnding ? [] : volumePhase(volume, 'Released')
  if (hasAnnotation(volume, annotation.migratedTo)) return { actions: released }
  const reclaimed = planReclaim(observed)
  return { subject: volume, ...reclaimed, actions: [...released, ...(reclaimed.actions ?? [])] }
}

function planReclaim(observed: VolumeObserved): Plan {
  const { volume } = observed
  switch (volume.spec.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return {}
    case 'Delete':
      return planDeletion(volume)
    case 'Recycle':
      if (!isRecyclable(volume))
        return failed(volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!')
      return planRecycling(observed)
    default:
      return failed(volume, 'VolumeUnknownReclaimPolicy', 'Volume has unrecognized PersistentVolumeReclaimPolicy')
  }
}

/** The volume marked as failed, and why; told once. */
export function failed(volume: PersistentVolume, reason: string, message: string): Plan {
  if (volume.status?.phase === 'Failed') return {}
  return { actions: volumePhase(volume, 'Failed', message), events: [{ type: 'Warning', reason, message }] }
}

/** Whoever made a volume deletes it; of those that nobody made, only scratch directories are ours to delete. */
function planDeletion(volume: PersistentVolume): Plan {
  const maker = volume.metadata.annotations?.[annotation.provisionedBy] ?? ''
  if (maker !== '' && !isBuiltIn(maker)) return {}
  if (maker !== '' && !isDriven(volume))
    return failed(volume, 'VolumeFailedDelete', `no volume plugin matched name: ${maker}`)
  if (isDriven(volume)) return {}
  const path = volume.spec.hostPath?.path
  const name = JSON.stringify(volume.metadata.name)
  if (path === undefined) {
    const why = `error getting deleter volume plugin for volume ${name}: no deletable volume plugin matched`
    return failed(volume, 'VolumeFailedDelete', why)
  }
  if (!/^\/tmp\/.+/.test(path)) {
    return failed(volume, 'VolumeFailedDelete', `host_path deleter only supports /tmp/.+ but received provided ${path}`)
  }
  const object = withoutFinalizer(volume, builtInFinalizer)
  const freed: readonly Action[] = object === volume ? [] : [{ do: 'update', resource: persistentVolumes, object }]
  return { actions: [...freed, { do: 'delete', resource: persistentVolumes, object: volume }] }
}
