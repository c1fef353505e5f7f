/** The controllers of nodes and of the pods that nodes leave behind. */
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import type { ControllerRow } from './controller-row.ts'
import { defaultNodeLifecycle, startNodeLifecycle } from './nodes/node-lifecycle.ts'
import { startNodeRanges } from './nodes/node-ranges.ts'
import { startNodeTtl } from './nodes/node-ttl.ts'
import { defaultPodCollector, startPodCollector } from './nodes/pod-collector.ts'
import { startTaintEviction } from './nodes/taint-eviction.ts'

export interface NodeControllersConfig {
  /** The range of pod addresses of which every node gets a part; without it nodes get none. */
  readonly clusterCidr?: string
  /** Where controllers count what they do. */
  readonly metrics?: Metrics
}

/** The rows of `controllers.ts`. */
export function nodeControllers({
  clusterCidr,
  metrics = createMetrics(),
}: NodeControllersConfig): readonly ControllerRow[] {
  const account = 'node-controller'
  return [
    {
      name: 'node-lifecycle-controller',
      account,
      component: 'node-controller',
      start: (context) => startNodeLifecycle(context, defaultNodeLifecycle, metrics),
    },
    {
      account,
      component: 'taint-eviction-controller',
      start: (context) => startTaintEviction(context, metrics),
    },
    ...(clusterCidr === undefined
      ? []
      : [
          {
            account,
            name: 'node-ipam-controller',
            component: 'cidrAllocator',
            start: (context) => startNodeRanges(context, { clusterCidr }),
          } satisfies ControllerRow,
        ]),
    { account: 'ttl-controller', component: 'ttl-controller', start: startNodeTtl },
    {
      name: 'pod-garbage-collector-controller',
      account: 'pod-garbage-collector',
      component: 'pod-garbage-collector',
      start: (context) => startPodCollector(context, defaultPodCollector, metrics),
    },
  ]
}
