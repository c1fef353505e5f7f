/** Starts every controller of a cluster over one set of caches. */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { startRootCertificatePublisher } from '#cluster/controllers/accounts/root-certificate.ts'
import { startServiceAccountController } from '#cluster/controllers/accounts/service-account.ts'
import type { ControllerContext } from '#cluster/controllers/controller-context.ts'
import { startDaemonSetController } from '#cluster/controllers/daemon-set/daemon-set.ts'
import { startDeploymentController } from '#cluster/controllers/deployment/deployment.ts'
import { startEndpointSliceController } from '#cluster/controllers/endpoints/endpoint-slice.ts'
import { startEndpointsController } from '#cluster/controllers/endpoints/endpoints.ts'
import { startEndpointSliceMirroringController } from '#cluster/controllers/endpoints/mirror.ts'
import { startGarbageCollector } from '#cluster/controllers/garbage/garbage-collector.ts'
import { startCronJobController } from '#cluster/controllers/jobs/cron-job.ts'
import { startJobController } from '#cluster/controllers/jobs/job.ts'
import { startTtlAfterFinishedController } from '#cluster/controllers/jobs/ttl-after-finished.ts'
import { startNamespaceController } from '#cluster/controllers/namespaces/namespace.ts'
import { startReplicaSetController } from '#cluster/controllers/replicas/replica-set.ts'
import { startReplicationController } from '#cluster/controllers/replicas/replication-controller.ts'
import { startStatefulSetController } from '#cluster/controllers/stateful-set/stateful-set.ts'
import { startEventRecorder } from '#kit/reconcile/event-recorder.ts'
import { createInformerSet } from '#kit/reconcile/informer-set.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'

export interface ControllersDeps {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Names as events carry them. */
const starters: readonly (readonly [string, (context: ControllerContext) => AsyncDisposable])[] = [
  ['deployment-controller', startDeploymentController],
  ['replicaset-controller', startReplicaSetController],
  ['replication-controller', startReplicationController],
  ['statefulset-controller', startStatefulSetController],
  ['daemonset-controller', startDaemonSetController],
  ['job-controller', startJobController],
  ['cronjob-controller', startCronJobController],
  ['ttl-after-finished-controller', startTtlAfterFinishedController],
  ['endpoint-controller', startEndpointsController],
  ['endpoint-slice-controller', startEndpointSliceController],
  ['endpoint-slice-mirroring-controller', startEndpointSliceMirroringController],
  ['namespace-controller', startNamespaceController],
  ['garbage-collector-controller', startGarbageCollector],
  ['service-account-controller', startServiceAccountController],
]

/** Starts them; disposing ends them, their caches last. */
export function startControllers(deps: ControllersDeps, certificateAuthority: string): AsyncDisposable {
  const owned = new AsyncDisposableStack()
  const informers = owned.use(createInformerSet(deps))
  const contextFor = (component: string): ControllerContext => ({
    ...deps,
    informers,
    events: owned.use(startEventRecorder(deps, { component })),
  })
  for (const [name, start] of starters) owned.use(start(contextFor(name)))
  owned.use(startRootCertificatePublisher(contextFor('root-ca-certificate-publisher'), certificateAuthority))
  return owned
}
