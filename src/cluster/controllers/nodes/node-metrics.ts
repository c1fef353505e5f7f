/** Metrics of the node lifecycle, taint eviction and pod collection, under upstream's names. */
import type { MetricSpec } from '#kit/telemetry/metrics.ts'

export const nodeMetrics: Readonly<
  Record<
    | 'zoneHealth'
    | 'zoneSize'
    | 'unhealthyNodes'
    | 'evictions'
    | 'taintDeletions'
    | 'taintDeletionDelay'
    | 'collected'
    | 'collectionErrors',
    MetricSpec
  >
> = {
  zoneHealth: {
    name: 'node_collector_zone_health',
    help: 'Gauge measuring percentage of healthy nodes per zone.',
    labels: ['zone'],
  },
  zoneSize: {
    name: 'node_collector_zone_size',
    help: 'Gauge measuring number of registered Nodes per zones.',
    labels: ['zone'],
  },
  unhealthyNodes: {
    name: 'node_collector_unhealthy_nodes_in_zone',
    help: 'Gauge measuring number of not Ready Nodes per zones.',
    labels: ['zone'],
  },
  evictions: {
    name: 'node_collector_evictions_total',
    help: 'Number of Node evictions that happened since current instance of NodeController started.',
    labels: ['zone'],
  },
  taintDeletions: {
    name: 'taint_eviction_controller_pod_deletions_total',
    help: 'Total number of Pods deleted by TaintEvictionController since its start.',
  },
  taintDeletionDelay: {
    name: 'taint_eviction_controller_pod_deletion_duration_seconds',
    help: 'Latency, in seconds, between the time when a taint effect has been activated for the Pod and its deletion via TaintEvictionController.',
  },
  collected: {
    name: 'pod_gc_collector_force_delete_pods_total',
    help: 'Number of pods that are being forcefully deleted since the Pod GC Controller started.',
    labels: ['namespace', 'reason'],
  },
  collectionErrors: {
    name: 'pod_gc_collector_force_delete_pod_errors_total',
    help: 'Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.',
    labels: ['namespace', 'reason'],
  },
}

/** Bounds of the delay of taint evictions, seconds. */
export const taintDelayBounds: readonly number[] = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240]
