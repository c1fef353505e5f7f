/** What runs beside an API server to make a cluster of it: controllers, scheduler and, where wanted, simulated nodes. */
import type { User } from '#cluster/apiserver/user.ts'
import type { ApiServer } from '#cluster/apiserver/api-server.ts'
import { serveMetrics } from '#cluster/apiserver/metrics-api/serve-metrics.ts'
import { serverVersion } from '#cluster/apiserver/documents/server-version.ts'
import { type ControllersConfig, startControllers } from '#cluster/controllers/controllers.ts'
import type { SchedulerConfig } from '#cluster/scheduler/scheduler-config.ts'
import { startScheduler } from '#cluster/scheduler/scheduler.ts'
import { startSimulatedNodes } from '#cluster/simulated-nodes/simulated-nodes.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { World } from '#world/ports/world.ts'
import { podRangeFor } from './pod-range.ts'
import { unhurriedClient } from './unhurried-client.ts'

export interface ControlLoopsConfig extends ControllersConfig {
  /** How many nodes (`sim-0`, `sim-1`, …) pretend to run pods. */
  readonly simulatedNodes: number
  /** The scheduler's settings; upstream's defaults unless told. */
  readonly scheduler?: SchedulerConfig
}

/** Starts the loops; disposing the result ends them, the nodes first. */
export function startControlLoops(
  { clock, random }: Pick<World, 'clock' | 'random'>,
  { api, log }: { readonly api: ApiServer; readonly log: Log },
  { simulatedNodes, scheduler: schedulerConfig, ...config }: ControlLoopsConfig,
): AsyncDisposable {
  const scope = new AsyncDisposableStack()
  const groups = ['system:authenticated']
  const deps = { clock, random, log }
  const clientFor = (user: User): KubeClient => unhurriedClient(api.clientFor(user), () => clock.sleep(0))
  scope.use(startControllers({ client: clientFor, ...deps }, { clusterCidr: podRangeFor(simulatedNodes), ...config }))
  const scheduler = clientFor({ name: 'system:kube-scheduler', groups })
  scope.use(startScheduler({ client: scheduler, ...deps }, schedulerConfig))
  if (simulatedNodes > 0) {
    const nodes = startSimulatedNodes(
      {
        // It sees the pods of all its nodes, which no single kubelet may.
        client: api.clientFor({ name: 'system:simulated-nodes', groups: ['system:masters', ...groups] }),
        clientOf: (name) => api.clientFor({ name: `system:node:${name}`, groups: ['system:nodes', ...groups] }),
        ...deps,
      },
      { nodes: Array.from({ length: simulatedNodes }, () => ({})), kubeletVersion: serverVersion.gitVersion },
    )
    scope.use(nodes)
    scope.use(serveMetrics(api.parts.resources, nodes.usage))
  }
  return scope
}
