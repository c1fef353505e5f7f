/** A node attaches only as many volumes of a CSI driver as its CSINode says. */
import type { ClusterObjects } from '../cluster-objects.ts'
import type { KnownNode } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'
import { isOwnClaim } from './own-claim.ts'
import type { Plugin } from '../plugin.ts'
import { rejection } from '../rejection.ts'

const rejected = rejection('node(s) exceed max volume count')

/** The pod's CSI volumes: driver by a name that is unique among volumes. */
function csiVolumes(pod: PodRecord, objects: ClusterObjects): Map<string, string> {
  const volumes = new Map<string, string>()
  for (const name of pod.claims) {
    const found = volumeOf(pod.namespace, name, objects)
    if (found !== undefined) volumes.set(found.id, found.driver)
  }
  return volumes
}

/** A claim's CSI volume; one that is not bound yet belongs to the driver of its class. */
function volumeOf(
  namespace: string,
  name: string,
  objects: ClusterObjects,
): { readonly id: string; readonly driver: string } | undefined {
  const { volumeName = '', storageClassName = '' } = objects.claim(namespace, name)?.spec ?? {}
  if (volumeName === '') {
    const driver = objects.storageClass(storageClassName)?.provisioner
    return driver === undefined ? undefined : { id: `${namespace}/${name}`, driver }
  }
  const source = objects.volume(volumeName)?.spec?.csi
  return source === undefined ? undefined : { id: `${source.driver}/${source.volumeHandle}`, driver: source.driver }
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
  hints: { 'pod-deleted': true, 'csi-node': true, claim: isOwnClaim, 'node-added': true },
}
