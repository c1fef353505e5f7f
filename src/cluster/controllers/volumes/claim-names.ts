/** The names by which volumes, claims and those who make volumes refer to each other, and the small questions about them. */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { StorageClass } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import { keyFrom } from '#kit/reconcile/object-key.ts'

/** Annotations of claims and volumes (component-helpers/storage/volume, v1.36). */
export const annotation = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  selectedNode: 'volume.kubernetes.io/selected-node',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  migratedTo: 'pv.kubernetes.io/migrated-to',
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  betaClass: 'volume.beta.kubernetes.io/storage-class',
  isDefaultClass: 'storageclass.kubernetes.io/is-default-class',
  betaIsDefaultClass: 'storageclass.beta.kubernetes.io/is-default-class',
} as const

/** Keeps the object of a volume until its provisioner has removed what is behind it. */
export const provisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer'

type Annotated = Pick<PersistentVolume | PersistentVolumeClaim, 'metadata'>

/** True when the object carries the annotation, whatever it says. */
export function hasAnnotation(object: Annotated, name: string): boolean {
  return object.metadata.annotations?.[name] !== undefined
}

/** The class of a claim or a volume; '' for none. */
export function classNameOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.metadata.annotations?.[annotation.betaClass] ?? object.spec.storageClassName ?? ''
}

/** True when the claim says which class it wants, also where it wants none. */
export function namesClass(claim: PersistentVolumeClaim): boolean {
  return hasAnnotation(claim, annotation.betaClass) || claim.spec.storageClassName !== undefined
}

/** True for a volume that is reserved for the claim or bound to it. */
export function isReservedFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec.claimRef
  if (reference?.name !== claim.metadata.name || reference.namespace !== claim.metadata.namespace) return false
  return (reference.uid ?? '') === '' || reference.uid === claim.metadata.uid
}

/** True where the claim's volume must not be chosen before a pod wants it. */
export function waitsForConsumer(storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
}

/** The class that is meant where none is named: the newest of those marked as default. */
export function defaultClassOf(classes: readonly StorageClass[]): StorageClass | undefined {
  const marked = classes.filter(
    ({ metadata: { annotations } }) =>
      annotations?.[annotation.isDefaultClass] === 'true' || annotations?.[annotation.betaIsDefaultClass] === 'true',
  )
  return marked.toSorted(
    (a, b) =>
      (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '') ||
      a.metadata.name.localeCompare(b.metadata.name),
  )[0]
}

/** The name of the claim that is made for a pod's ephemeral volume. */
export function ephemeralClaimName(pod: Pod, volume: string): string {
  return `${pod.metadata.name}-${volume}`
}

const noClaims: readonly string[] = []

/** Keys of the claims that a pod uses, those of its ephemeral volumes among them. */
export function claimsOf(pod: Pod): readonly string[] {
  const { volumes } = pod.spec
  if (volumes === undefined) return noClaims
  let keys: string[] | undefined
  for (const { name, persistentVolumeClaim, ephemeral } of volumes) {
    if (persistentVolumeClaim === undefined && ephemeral === undefined) continue
    const claim = persistentVolumeClaim?.claimName ?? ephemeralClaimName(pod, name)
    keys ??= []
    keys.push(keyFrom(pod.metadata.namespace, claim))
  }
  return keys ?? noClaims
}
