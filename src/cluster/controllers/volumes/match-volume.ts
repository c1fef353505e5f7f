/** Which volume a claim is bound to where no pod has a say yet (component-helpers/storage/volume, v1.36). Pure. */
import { matchesSelector } from '#base/data/label-selector.ts'
import { compareQuantities, parseQuantity, type Quantity, tryParseQuantity } from '#base/data/quantity.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { requirementsOf } from '../workloads/selector-of.ts'
import { classNameOf, isReservedFor } from './claim-names.ts'

const zero = parseQuantity('0')

/** The `storage` of a list of resources; 0 where it says nothing. */
export function storageOf(resources: Readonly<Record<string, string>> | undefined): Quantity {
  return tryParseQuantity(resources?.['storage'] ?? '0') ?? zero
}

/** True when the volume is at least as large as the claim wants it. */
export function isLargeEnough(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return compareQuantities(storageOf(volume.spec.capacity), storageOf(claim.spec.resources?.requests)) >= 0
}

/** True when both are block devices or both file systems. */
export function isSameMode(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (volume.spec.volumeMode ?? 'Filesystem') === (claim.spec.volumeMode ?? 'Filesystem')
}

const isSameAttributesClass = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec.volumeAttributesClassName ?? '') === (claim.spec.volumeAttributesClassName ?? '')

const offersModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode) === true)

/** Why a volume that the claim names does not suit it; undefined when it does. */
export function mismatchOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined)
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`
  if (!isLargeEnough(volume, claim)) return 'requested PV is too small'
  if (classNameOf(volume) !== classNameOf(claim)) return 'storageClassName does not match'
  if (!isSameAttributesClass(volume, claim)) return 'volumeAttributesClassName does not match'
  if (!isSameMode(volume, claim)) return 'incompatible volumeMode'
  return offersModes(volume, claim) ? undefined : 'incompatible accessMode'
}

/** True for a volume that could be the claim's, reserved or free. */
function isCandidate(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.metadata.deletionTimestamp !== undefined || !offersModes(volume, claim)) return false
  return isLargeEnough(volume, claim) && isSameMode(volume, claim) && isSameAttributesClass(volume, claim)
}

function isFreeFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.spec.claimRef !== undefined || volume.status?.phase !== 'Available') return false
  if (classNameOf(volume) !== classNameOf(claim)) return false
  const { selector } = claim.spec
  return selector === undefined || matchesSelector(requirementsOf(selector), volume.metadata.labels)
}

/**
 * The volume for a claim: of those with the fewest access modes beyond the wanted ones, the one reserved for it, else the
 * smallest free one. Where the choice waits for a pod, only a reserved one.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { delayed }: { readonly delayed: boolean },
): PersistentVolume | undefined {
  const byModes = new Map<number, PersistentVolume[]>()
  for (const volume of volumes) {
    if (!isCandidate(volume, claim)) continue
    if (!isReservedFor(volume, claim) && (delayed || !isFreeFor(volume, claim))) continue
    const modes = volume.spec.accessModes?.length ?? 0
    byModes.set(modes, [...(byModes.get(modes) ?? []), volume])
  }
  const fewest = [...byModes.keys()].toSorted((a, b) => a - b)[0]
  const candidates = fewest === undefined ? [] : (byModes.get(fewest) ?? [])
  return candidates.find((volume) => isReservedFor(volume, claim)) ?? smallest(candidates)
}

function smallest(volumes: readonly PersistentVolume[]): PersistentVolume | undefined {
  let best: PersistentVolume | undefined
  for (const volume of volumes) {
    const isSmaller =
      best === undefined || compareQuantities(storageOf(volume.spec.capacity), storageOf(best.spec.capacity)) < 0
    if (isSmaller) best = volume
  }
  return best
}
