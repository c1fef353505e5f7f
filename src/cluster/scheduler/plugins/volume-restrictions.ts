/** Volumes that only one pod may use: ReadWriteOncePod claims, and disks attached in place that cannot be shared. */
import type { Volume } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import type { Plugin } from '../plugin.ts'
import { finalRejection, isRejection, rejection, type Rejection } from '../rejection.ts'
import type { PodRecord } from '../pod-record.ts'
import { isOwnClaim } from './own-claim.ts'

const diskConflict = rejection('node(s) had no available disk')
const claimInUse = rejection(
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
)

/** True when both volumes are the same disk and one of the users writes. */
export function disksConflict(a: Volume, b: Volume): boolean {
  return sameDisk.some((conflicts) => conflicts(a, b))
}

const bothRead = (a: { readonly readOnly?: boolean }, b: { readonly readOnly?: boolean }): boolean =>
  a.readOnly === true && b.readOnly === true

const sameDisk: readonly ((a: Volume, b: Volume) => boolean)[] = [
  ({ gcePersistentDisk: a }, { gcePersistentDisk: b }) =>
    a !== undefined && b !== undefined && a.pdName === b.pdName && !bothRead(a, b),
  ({ awsElasticBlockStore: a }, { awsElasticBlockStore: b }) =>
    a !== undefined && b !== undefined && a.volumeID === b.volumeID,
  ({ iscsi: a }, { iscsi: b }) => a !== undefined && b !== undefined && a.iqn === b.iqn && !bothRead(a, b),
  ({ rbd: a }, { rbd: b }) =>
    a !== undefined &&
    b !== undefined &&
    a.monitors.some((monitor) => b.monitors.includes(monitor)) &&
    (a.pool ?? 'rbd') === (b.pool ?? 'rbd') &&
    a.image === b.image &&
    !bothRead(a, b),
]

const isInPlace = ({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }: Volume): boolean =>
  [gcePersistentDisk, awsElasticBlockStore, iscsi, rbd].some((source) => source !== undefined)

const conflictsWith = (disks: readonly Volume[], other: PodRecord): boolean =>
  (other.pod.spec.volumes ?? []).some((theirs) => disks.some((ours) => disksConflict(ours, theirs)))

/** Keys of claims that no other pod may use at the same time. Claims of ephemeral volumes belong to the pod alone. */
function exclusiveClaims({ pod, namespace }: PodRecord, objects: ClusterObjects): ReadonlySet<string> | Rejection {
  const exclusive = new Set<string>()
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    if (persistentVolumeClaim === undefined) continue
    const name = persistentVolumeClaim.claimName
    const claim = objects.claim(namespace, name)
    if (claim === undefined) return finalRejection(`persistentvolumeclaim "${name}" not found`)
    if (claim.spec?.accessModes?.includes('ReadWriteOncePod') === true) exclusive.add(`${namespace}/${name}`)
  }
  return exclusive
}

export const volumeRestrictions: Plugin = {
  name: 'VolumeRestrictions',
  preFilter: (pod, { table, objects }) => {
    const exclusive = exclusiveClaims(pod, objects)
    if (isRejection(exclusive)) return exclusive
    const disks = (pod.pod.spec.volumes ?? []).filter(isInPlace)
    if (exclusive.size === 0 && disks.length === 0) return undefined
    let users = 0
    for (const entry of table.order()) for (const key of exclusive) users += entry.claims.get(key) ?? 0
    return {
      check: (entry) => {
        if (disks.length > 0)
          for (const other of entry.pods.values()) if (conflictsWith(disks, other)) return diskConflict
        return users > 0 ? claimInUse : undefined
      },
      whatIf: (other, _entry, by) => {
        for (const name of other.claims) if (exclusive.has(`${other.namespace}/${name}`)) users += by
      },
    }
  },
  hints: { 'pod-deleted': true, claim: isOwnClaim, 'node-added': true },
}
