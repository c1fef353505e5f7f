/** The objects beside pods and nodes that decisions look at: a view that caches or plain tables in tests supply. */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  ReplicationController,
  Service,
} from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ReplicaSet, StatefulSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { PodDisruptionBudget } from '#spec/kubernetes/objects/policy-v1.generated.ts'
import type { DeviceClass, ResourceClaim, ResourceSlice } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
} from '#spec/kubernetes/objects/storage-v1.generated.ts'

export interface ClusterObjects {
  readonly namespaceLabels: (name: string) => Readonly<Record<string, string>> | undefined
  readonly claim: (namespace: string, name: string) => PersistentVolumeClaim | undefined
  readonly volume: (name: string) => PersistentVolume | undefined
  readonly volumes: () => readonly PersistentVolume[]
  readonly storageClass: (name: string) => StorageClass | undefined
  readonly csiNode: (name: string) => CSINode | undefined
  readonly csiDriver: (name: string) => CSIDriver | undefined
  readonly storageCapacities: () => readonly CSIStorageCapacity[]
  readonly services: (namespace: string) => readonly Service[]
  readonly replicaSet: (namespace: string, name: string) => ReplicaSet | undefined
  readonly statefulSet: (namespace: string, name: string) => StatefulSet | undefined
  readonly replicationController: (namespace: string, name: string) => ReplicationController | undefined
  readonly disruptionBudgets: (namespace: string) => readonly PodDisruptionBudget[]
  readonly resourceClaim: (namespace: string, name: string) => ResourceClaim | undefined
  readonly resourceClaims: () => readonly ResourceClaim[]
  readonly deviceClass: (name: string) => DeviceClass | undefined
  readonly deviceClasses: () => readonly DeviceClass[]
  readonly resourceSlices: () => readonly ResourceSlice[]
}

/** A view without objects. */
export const noObjects: ClusterObjects = {
  namespaceLabels: () => undefined,
  claim: () => undefined,
  volume: () => undefined,
  volumes: () => [],
  storageClass: () => undefined,
  csiNode: () => undefined,
  csiDriver: () => undefined,
  storageCapacities: () => [],
  services: () => [],
  replicaSet: () => undefined,
  statefulSet: () => undefined,
  replicationController: () => undefined,
  disruptionBudgets: () => [],
  resourceClaim: () => undefined,
  resourceClaims: () => [],
  deviceClass: () => undefined,
  deviceClasses: () => [],
  resourceSlices: () => [],
}
