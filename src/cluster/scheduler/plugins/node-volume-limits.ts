/** A node attaches only as many volumes of a CSI driver as its CSINode says. */
import type { ClusterObjects } from '../cluster-objects.ts'
import type { KnownNode } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'
import { type Plugin, rejection } from '../plugin.ts'

const rejected = rejection('node(s) exceed max volume count')

/** The pod's CSI volumes: driver by a name that is unique among volumes. */
function csiVolumes(pod: PodRecord, objects: ClusterObjects): Map<string, string> {
  const volumes = new Map<string, string>()
  for (const name of pod.claims) {
    const claim = objects.claim(pod.namespace, name)
    const volumeName = claim?.spec?.volumeName ?? ''
    const source = volumeName === '' ? undefined : objects.volume(volumeName)?.spec?.csi
    if (source !== undefined) {
      volumes.set(`${source.driver}/${source.volumeHandle}`, source.driver)
      continue
    }
    // Not bound yet: its class says whose volume it will be.
    const driver =
      volumeName === '' ? objects.storageClass(claim?.spec?.storageClassName ?? '')?.provisioner : undefined
    if (driver !== undefined) volumes.set(`${pod.namespace}/${name}`, driver)
  }
  return volumes
}

function exceeds(wanted: ReadonlyMap<string, string>, entry: KnownNode, objects: ClusterObjects): boolean {
  const drivers = objects.csiNode(entry.name)?.spec.drivers ?? []
  const limits = new Map(
    drivers.flatMap(({ name, allocatable }) =>
      allocatable?.count === undefined ? [] : [[name, allocatable.count] as const],
    ),
  )
  if (limits.size === 0) return false
  const attached = new Map<string, string>()
  for (const other of entry.pods.values()) {
    if (other.claims.length > 0) for (const [id, driver] of csiVolumes(other, objects)) attached.set(id, driver)
  }
  for (const [driver, limit] of limits) {
    const held = [...attached.values()].filter((name) => name === driver).length
    const fresh = [...wanted].filter(([id, name]) => name === driver && !attached.has(id)).length
    if (fresh > 0 && held + fresh > limit) return true
  }
  return false
}

export const nodeVolumeLimits: Plugin = {
  name: 'NodeVolumeLimits',
  preFilter: (pod, { objects }) => {
    if (pod.claims.length === 0) return undefined
    const wanted = csiVolumes(pod, objects)
    if (wanted.size === 0) return undefined
    return { check: (entry) => (exceeds(wanted, entry, objects) ? rejected : undefined) }
  },
  hints: { 'pod-deleted': true, 'csi-node': true, claim: true, 'node-added': true },
}
