/** Which volume a claim could be bound to on a node, and whether one could be made for it there. */
import { compareQuantities, parseQuantity, tryParseQuantity } from '#base/data/quantity.ts'
import { matchesSelector, selectorFromObject } from '#base/data/label-selector.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { StorageClass } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import { compileNodeSelector } from '../node-match.ts'

/** The provisioner that never makes a volume. */
const noProvisioner = 'kubernetes.io/no-provisioner'
const zero = parseQuantity('0')
const quantityOf = (text: string | undefined): typeof zero => tryParseQuantity(text ?? '0') ?? zero

/** True when a volume's node affinity lets it be used on the node. */
export function isReachable(volume: PersistentVolume, node: Node): boolean {
  const required = volume.spec?.nodeAffinity?.required
  return required === undefined || compileNodeSelector(required)(node)
}

function suits(volume: PersistentVolume, claim: PersistentVolumeClaim, node: Node): boolean {
  return isFreeFor(volume, claim) && isOfKind(volume, claim) && isReachable(volume, node)
}

function isFreeFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.metadata.deletionTimestamp !== undefined) return false
  // A volume is free only once the binder says so: before, it may be about to be bound.
  const isFree = volume.spec?.claimRef === undefined && volume.status?.phase === 'Available'
  return isFree || isReservedFor(volume, claim)
}

/** Mode, class, access, labels and size as the claim wants them. */
function isOfKind({ spec, metadata }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { accessModes = [], selector, resources } = claim.spec ?? {}
  if (shapeOf(spec) !== shapeOf(claim.spec)) return false
  if (!accessModes.every((mode) => spec?.accessModes?.includes(mode))) return false
  if (selector !== undefined && !matchesSelector(selectorFromObject(selector), metadata.labels)) return false
  const size = quantityOf(spec?.capacity?.['storage'])
  return compareQuantities(size, quantityOf(resources?.requests?.['storage'])) >= 0
}

/** Mode and classes as one text. */
function shapeOf(spec: Shape | undefined): string {
  const { volumeMode = 'Filesystem', storageClassName = '', volumeAttributesClassName = '' } = spec ?? {}
  return `${volumeMode} ${storageClassName} ${volumeAttributesClassName}`
}

interface Shape {
  readonly volumeMode?: string
  readonly storageClassName?: string
  readonly volumeAttributesClassName?: string
}

function isReservedFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { name, namespace, uid } = volume.spec?.claimRef ?? {}
  const isNamed = name === claim.metadata.name && namespace === claim.metadata.namespace
  return isNamed && (uid === undefined || uid === claim.metadata.uid)
}

/** The smallest volume that suits a claim on a node; one reserved for it comes first. */
export function findVolume(
  claim: PersistentVolumeClaim,
  node: Node,
  candidates: { readonly volumes: readonly PersistentVolume[]; readonly taken: ReadonlySet<string> },
): PersistentVolume | undefined {
  let best: PersistentVolume | undefined
  for (const volume of candidates.volumes) {
    if (candidates.taken.has(volume.metadata.name) || !suits(volume, claim, node)) continue
    if (volume.spec?.claimRef !== undefined) return volume
    const isSmaller =
      best === undefined ||
      compareQuantities(quantityOf(volume.spec?.capacity?.['storage']), quantityOf(best.spec?.capacity?.['storage'])) <
        0
    if (isSmaller) best = volume
  }
  return best
}

export type Provisioning = 'possible' | 'impossible' | 'no space'

/** Whether the claim's class can make a volume for use on a node. */
export function canProvision(claim: PersistentVolumeClaim, node: Node, objects: ClusterObjects): Provisioning {
  const storageClass = objects.storageClass(claim.spec?.storageClassName ?? '')
  if (storageClass === undefined || storageClass.provisioner === '' || storageClass.provisioner === noProvisioner)
    return 'impossible'
  if (!isAllowed(storageClass, node)) return 'impossible'
  return hasSpace(claim, storageClass, { node, objects }) ? 'possible' : 'no space'
}

function isAllowed({ allowedTopologies }: StorageClass, { metadata }: Node): boolean {
  if (allowedTopologies === undefined || allowedTopologies.length === 0) return true
  return allowedTopologies.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) => values.includes(metadata.labels?.[key] ?? '')),
  )
}

function hasSpace(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  { node, objects }: { readonly node: Node; readonly objects: ClusterObjects },
): boolean {
  // Only drivers that publish their capacity are held to it.
  if (objects.csiDriver(storageClass.provisioner)?.spec.storageCapacity !== true) return true
  const wanted = quantityOf(claim.spec?.resources?.requests?.['storage'])
  return objects.storageCapacities().some((capacity) => {
    if (capacity.storageClassName !== storageClass.metadata.name || capacity.nodeTopology === undefined) return false
    const most = capacity.maximumVolumeSize ?? capacity.capacity
    if (most === undefined || compareQuantities(quantityOf(most), wanted) < 0) return false
    return matchesSelector(selectorFromObject(capacity.nodeTopology), node.metadata.labels)
  })
}
