/** All controllers together: one set of shared caches, and for each controller its own identity at the API and in events. */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { startEventRecorder } from '#kit/reconcile/event-recorder.ts'
import { createInformerSet } from '#kit/reconcile/informer-set.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { startRootCertificatePublisher } from './accounts/root-certificate.ts'
import { startServiceAccountController } from './accounts/service-account.ts'
import { startAutoscaler } from './autoscaling/autoscaler.ts'
import { chosenControllers } from './choose-controllers.ts'
import type { ControllerRow, ControllerUser } from './controller-row.ts'
import { startDaemonSetController } from './daemon-set/daemon-set.ts'
import { startDeploymentController } from './deployment/deployment.ts'
import { startDisruptionController } from './disruption/disruption.ts'
import { startEndpointSliceController } from './endpoints/endpoint-slice.ts'
import { startEndpointsController } from './endpoints/endpoints.ts'
import { startEndpointSliceMirroringController } from './endpoints/mirror.ts'
import { startGarbageCollector } from './garbage/garbage-collector.ts'
import { housekeepingControllers, type HousekeepingConfig } from './housekeeping-controllers.ts'
import { startCronJobController } from './jobs/cron-job.ts'
import { startJobController } from './jobs/job.ts'
import { startTtlAfterFinishedController } from './jobs/ttl-after-finished.ts'
import { startNamespaceController } from './namespaces/namespace.ts'
import { nodeControllers, type NodeControllersConfig } from './node-controllers.ts'
import { startReplicaSetController } from './replicas/replica-set.ts'
import { startReplicationController } from './replicas/replication-controller.ts'
import { startStatefulSetController } from './stateful-set/stateful-set.ts'
import { volumeControllers, type VolumesConfig } from './volume-controllers.ts'

export interface ControllersDeps {
  readonly client: (user: ControllerUser) => KubeClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface ControllersConfig extends NodeControllersConfig, HousekeepingConfig, VolumesConfig {
  /** The bundle that pods verify the API server with; nothing is published without it. */
  readonly rootCertificatePem?: string
  /** Which run: `*` for all, `NAME` for one more, `-NAME` for one less; all unless told. */
  readonly controllers?: readonly string[]
}

function rowsFor(config: ControllersConfig): readonly ControllerRow[] {
  const row = (account: string, component: string, start: ControllerRow['start']): ControllerRow => ({
    account,
    component,
    start,
  })
  const pem = config.rootCertificatePem
  return [
    row('service-account-controller', 'serviceaccount-controller', startServiceAccountController),
    ...(pem === undefined
      ? []
      : [
          row('root-ca-cert-publisher', 'root-ca-certificate-publisher', (context) =>
            startRootCertificatePublisher(context, pem),
          ),
        ]),
    row('namespace-controller', 'namespace-controller', startNamespaceController),
    row('generic-garbage-collector', 'garbage-collector-controller', startGarbageCollector),
    row('replicaset-controller', 'replicaset-controller', startReplicaSetController),
    row('replication-controller', 'replication-controller', startReplicationController),
    row('deployment-controller', 'deployment-controller', startDeploymentController),
    row('statefulset-controller', 'statefulset-controller', startStatefulSetController),
    row('daemon-set-controller', 'daemonset-controller', startDaemonSetController),
    row('job-controller', 'job-controller', startJobController),
    row('cronjob-controller', 'cronjob-controller', startCronJobController),
    row('ttl-after-finished-controller', 'ttl-after-finished-controller', startTtlAfterFinishedController),
    ...volumeControllers(config),
    row('horizontal-pod-autoscaler', 'horizontal-pod-autoscaler', startAutoscaler),
    row('disruption-controller', 'controllermanager', startDisruptionController),
    ...nodeControllers(config),
    ...housekeepingControllers(config),
    row('endpoint-controller', 'endpoint-controller', startEndpointsController),
    row('endpointslice-controller', 'endpoint-slice-controller', startEndpointSliceController),
    row(
      'endpointslicemirroring-controller',
      'endpoint-slice-mirroring-controller',
      startEndpointSliceMirroringController,
    ),
  ]
}

const groups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated']

/** Starts every controller that is wanted; disposing the result stops them, then their caches. @throws for an unknown name. */
export function startControllers(deps: ControllersDeps, config: ControllersConfig = {}): AsyncDisposable {
  const { clock, random, log } = deps
  const scope = new AsyncDisposableStack()
  const reader = scope.use(deps.client({ name: 'system:kube-controller-manager', groups: ['system:authenticated'] }))
  const informers = scope.use(createInformerSet({ client: reader, clock, random, log }))
  for (const { account, component, user, start } of chosenControllers(rowsFor(config), config.controllers)) {
    const own = { name: `system:serviceaccount:kube-system:${account}`, groups }
    const client = scope.use(deps.client(user ?? own))
    const events = scope.use(startEventRecorder({ client, clock, log }, { component }))
    scope.use(start({ client, informers, events, clock, random, log, metrics: config.metrics }))
  }
  return scope
}
