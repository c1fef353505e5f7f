/** Volumes that only one pod may use: ReadWriteOncePod claims, and disks attached in place that cannot be shared. */
import type { Volume } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { finalRejection, type Plugin, rejection } from '../plugin.ts'
import type { PodRecord } from '../pod-record.ts'

const diskConflict = rejection('node(s) had no available disk')
const claimInUse = rejection(
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
)

/** True when both volumes are the same disk and one of the users writes. */
export function disksConflict(a: Volume, b: Volume): boolean {
  if (a.gcePersistentDisk !== undefined && b.gcePersistentDisk !== undefined) {
    const bothRead = a.gcePersistentDisk.readOnly === true && b.gcePersistentDisk.readOnly === true
    return a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName && !bothRead
  }
  if (a.awsElasticBlockStore !== undefined && b.awsElasticBlockStore !== undefined)
    return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID
  if (a.iscsi !== undefined && b.iscsi !== undefined) {
    const bothRead = a.iscsi.readOnly === true && b.iscsi.readOnly === true
    return a.iscsi.iqn === b.iscsi.iqn && !bothRead
  }
  if (a.rbd !== undefined && b.rbd !== undefined) {
    const other = b.rbd
    const shareMonitor = a.rbd.monitors.some((monitor) => other.monitors.includes(monitor))
    const bothRead = a.rbd.readOnly === true && other.readOnly === true
    const samePool = (a.rbd.pool ?? 'rbd') === (other.pool ?? 'rbd')
    return shareMonitor && samePool && a.rbd.image === other.image && !bothRead
  }
  return false
}

const isInPlace = ({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }: Volume): boolean =>
  [gcePersistentDisk, awsElasticBlockStore, iscsi, rbd].some((source) => source !== undefined)

const conflictsWith = (disks: readonly Volume[], other: PodRecord): boolean =>
  (other.pod.spec.volumes ?? []).some((theirs) => disks.some((ours) => disksConflict(ours, theirs)))

export const volumeRestrictions: Plugin = {
  name: 'VolumeRestrictions',
  preFilter: (pod, { table, objects }) => {
    const exclusive = new Set<string>()
    for (const name of pod.claims) {
      const claim = objects.claim(pod.namespace, name)
      if (claim === undefined) return finalRejection(`persistentvolumeclaim "${name}" not found`)
      if (claim.spec?.accessModes?.includes('ReadWriteOncePod') === true) exclusive.add(`${pod.namespace}/${name}`)
    }
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
  hints: { 'pod-deleted': true, claim: true, 'node-added': true },
}
