/** The informers that the scheduler reads, presented to decisions as `ClusterObjects`. */
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { Informer } from '#kit/reconcile/informer.ts'
import type { InformerSet } from '#kit/reconcile/informer-set.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import type { Node, PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ClusterObjects } from './cluster-objects.ts'
import type { ChangeKind } from './plugin.ts'

export interface WatchedCluster {
  readonly objects: ClusterObjects
  readonly pods: Informer<Pod>
  readonly nodes: Informer<Node>
  readonly claims: Informer<PersistentVolumeClaim>
  /** Tells of changes of everything but pods and nodes. */
  onOtherChange(listener: (kind: ChangeKind, change: CacheChange<KubernetesObject>) => void): Disposable
}

/** Starts the informers of a set. */
export function watchCluster(informers: InformerSet): WatchedCluster {
  const namespaces = informers.of(resources.namespaces)
  const claims = informers.of(resources.persistentVolumeClaims)
  const volumes = informers.of(resources.persistentVolumes)
  const storageClasses = informers.of(resources.storageClasses)
  const csiNodes = informers.of(resources.csiNodes)
  const csiDrivers = informers.of(resources.csiDrivers)
  const capacities = informers.of(resources.csiStorageCapacities)
  const services = informers.of(resources.services)
  const replicaSets = informers.of(resources.replicaSets)
  const statefulSets = informers.of(resources.statefulSets)
  const replicationControllers = informers.of(resources.replicationControllers)
  const budgets = informers.of(resources.podDisruptionBudgets)
  const resourceClaims = informers.of(resources.resourceClaims)
  const deviceClasses = informers.of(resources.deviceClasses)
  const slices = informers.of(resources.resourceSlices)
  const watched: readonly (readonly [ChangeKind, Informer])[] = [
    ['namespace', asAny(namespaces)],
    ['claim', asAny(claims)],
    ['volume', asAny(volumes)],
    ['storage-class', asAny(storageClasses)],
    ['csi-node', asAny(csiNodes)],
    ['csi-driver', asAny(csiDrivers)],
    ['storage-capacity', asAny(capacities)],
    ['resource-claim', asAny(resourceClaims)],
    ['resource-slice', asAny(slices)],
    ['device-class', asAny(deviceClasses)],
  ]
  return {
    pods: informers.of(resources.pods),
    nodes: informers.of(resources.nodes),
    claims,
    objects: {
      namespaceLabels: (name) => namespaces.get(name)?.metadata.labels,
      claim: (namespace, name) => claims.get(`${namespace}/${name}`),
      volume: (name) => volumes.get(name),
      volumes: () => volumes.list(),
      storageClass: (name) => storageClasses.get(name),
      csiNode: (name) => csiNodes.get(name),
      csiDriver: (name) => csiDrivers.get(name),
      storageCapacities: () => capacities.list(),
      services: (namespace) => services.list(namespace),
      replicaSet: (namespace, name) => replicaSets.get(`${namespace}/${name}`),
      statefulSet: (namespace, name) => statefulSets.get(`${namespace}/${name}`),
      replicationController: (namespace, name) => replicationControllers.get(`${namespace}/${name}`),
      disruptionBudgets: (namespace) => budgets.list(namespace),
      resourceClaim: (namespace, name) => resourceClaims.get(`${namespace}/${name}`),
      resourceClaims: () => resourceClaims.list(),
      deviceClass: (name) => deviceClasses.get(name),
      deviceClasses: () => deviceClasses.list(),
      resourceSlices: () => slices.list(),
    },
    onOtherChange(listener) {
      const subscriptions = watched.map(([kind, informer]) => informer.onChange((change) => listener(kind, change)))
      return {
        [Symbol.dispose]: () => {
          for (const subscription of subscriptions) subscription[Symbol.dispose]()
        },
      }
    },
  }
}

/** An informer seen as one of any objects: it is only listened to. */
function asAny<T extends KubernetesObject>(informer: Informer<T>): Informer {
  return informer as unknown as Informer
}
