/** The pod garbage collector: every 20 s it looks for pods that no kubelet will ever end. */
import { nodes, pods } from '#clients/kubernetes/resources.table.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { Plan } from '#kit/reconcile/plan.ts'
import { executePlan } from '#kit/reconcile/execute-plan.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import type { ControllerContext } from '../controller-context.ts'
import { nodeMetrics } from './node-metrics.ts'
import { type Collected, collectPod, podsToCollect } from './plan-pod-collection.ts'

export interface PodCollectorConfig {
  readonly everyMs: number
  /** How long a node must be missing before its pods count as orphaned. */
  readonly quarantineMs: number
  readonly finishedMost: number
}

/** The defaults of kube-controller-manager v1.36. */
export const defaultPodCollector: PodCollectorConfig = { everyMs: 20_000, quarantineMs: 40_000, finishedMost: 12_500 }

const round = 'all pods'

/** Starts the collector. */
export function startPodCollector(
  context: ControllerContext,
  config: PodCollectorConfig = defaultPodCollector,
  metrics: Metrics = createMetrics(),
): Controller {
  const { informers, clock } = context
  const podCache = informers.of(pods)
  const nodeCache = informers.of(nodes)
  /** Nodes that pods are bound to and that are missing, and since when. */
  const missingSinceMs = new Map<string, number>()
  const noteMissing = (): void => {
    const missing = new Set(podCache.list().map(({ spec }) => spec.nodeName ?? ''))
    missing.delete('')
    for (const name of missing) {
      if (nodeCache.get(name) === undefined && !missingSinceMs.has(name)) missingSinceMs.set(name, clock.now())
    }
    for (const name of missingSinceMs.keys()) {
      if (!missing.has(name) || nodeCache.get(name) !== undefined) missingSinceMs.delete(name)
    }
  }
  /** A cache may lag behind: only the server's word makes pods orphans. */
  const isReallyGone = async (name: string): Promise<boolean> => {
    try {
      await context.client.get(nodes, name)
      return false
    } catch (error) {
      if (isGone(error)) return true
      throw error
    }
  }
  const goneNodes = async (): Promise<ReadonlySet<string>> => {
    const due = [...missingSinceMs].filter(([, sinceMs]) => clock.now() - sinceMs >= config.quarantineMs)
    const gone = await Promise.all(due.map(async ([name]) => ((await isReallyGone(name)) ? [name] : [])))
    return new Set(gone.flat())
  }
  const collect = async (one: Collected): Promise<void> => {
    const labels = { namespace: one.pod.metadata.namespace ?? '', reason: one.reason }
    metrics.counter(nodeMetrics.collected).add(labels)
    try {
      await executePlan({ actions: collectPod(one, clock.now()) }, context)
    } catch (error) {
      metrics.counter(nodeMetrics.collectionErrors).add(labels)
      context.log.warn('pod not collected', { pod: one.pod.metadata.name, error })
    }
  }
  return createController(context, {
    name: 'pod-garbage-collector',
    watches: [watch(podCache, () => []), watch(nodeCache, () => [])],
    initialKeys: [round],
    workers: 1,
    reconcile: async (): Promise<Plan> => {
      noteMissing()
      const chosen = podsToCollect({
        pods: podCache.list(),
        nodeNamed: (name) => nodeCache.get(name),
        goneNodes: await goneNodes(),
        finishedMost: config.finishedMost,
      })
      for (const one of chosen) await collect(one)
      return { lookAgainAfterMs: config.everyMs }
    },
  })
}
