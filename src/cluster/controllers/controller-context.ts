/** What every controller is started with. Each has its own identity at the API and its own name in events; caches are shared. */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import type { EventRecorder } from '#kit/reconcile/event-recorder.ts'
import type { InformerSet } from '#kit/reconcile/informer-set.ts'
import type { ApiClient } from '#kit/reconcile/api-client.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'

/** The part of the client that controllers use. */
export type ControllerClient = ApiClient & Pick<KubeClient, 'deleteCollection' | 'getSubresource' | 'raw'>

export interface ControllerContext {
  readonly client: ControllerClient
  readonly informers: InformerSet
  readonly events: EventRecorder
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Where controllers are measured; nowhere unless told. */
  readonly metrics?: Metrics | undefined
}
