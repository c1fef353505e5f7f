/** The library: `import { createCluster } from 'gantry'`. */
export { type Cluster, type ClusterOptions, type ClusterTime, createCluster } from './roles/cluster/cluster.ts'
export type { Manifest } from './roles/cluster/apply-manifest.ts'
export type { ListenAt } from './roles/cluster/listen-at.ts'
export type { ClusterSnapshot } from './roles/cluster/cluster-snapshot.ts'
export {
  type ClusterConnection,
  type ClusterConnectionOptions,
  connectCluster,
} from './roles/cluster/connect-cluster.ts'
export { badDay, type SimulatedFaults } from './roles/cluster/simulated-faults.ts'
export type { User } from './cluster/apiserver/user.ts'
export type { BehaviourRule, Exit, LogText, PodBehaviour } from './cluster/simulated-nodes/pod-behaviour.ts'
export type { SimulatedNode } from './cluster/simulated-nodes/node-object.ts'
export type { SimulatedNodes } from './cluster/simulated-nodes/simulated-nodes.ts'
export type { KubeClient } from './clients/kubernetes/kube-client.ts'
export type { ApiResource, ObjectOf } from './clients/kubernetes/api-resource.ts'
export type { KubernetesObject } from './spec/kubernetes/objects/objects.ts'
export * as resources from './clients/kubernetes/resources.table.ts'
