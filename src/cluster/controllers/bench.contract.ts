/** For tests: controllers over an API in memory, in virtual time, with nodes that only pretend to run pods. */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { pods } from '#clients/kubernetes/resources.table.ts'
import { InMemoryApi } from '#kit/reconcile/in-memory-api.contract.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { startEventRecorder } from '#kit/reconcile/event-recorder.ts'
import { createInformerSet } from '#kit/reconcile/informer-set.ts'
import { seededRandom, VirtualClock } from '#kit/reconcile/virtual-clock.contract.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { Event, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { JsonObject, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import type { ControllerContext } from './controller-context.ts'
import { events } from '#clients/kubernetes/resources.table.ts'

export interface Bench extends AsyncDisposable {
  readonly api: InMemoryApi
  readonly clock: VirtualClock
  readonly context: ControllerContext
  /** Applies JSON as a user would: creates, or merges into what is there. */
  put<T extends object>(resource: ApiResource<T>, object: unknown): Promise<T>
  /** Lets virtual time pass. */
  pass(ms: number): Promise<void>
  /** `reason: message` of all events, in order. */
  told(): readonly string[]
  start(controller: (context: ControllerContext) => AsyncDisposable): void
}

export interface BenchOptions {
  /** What becomes of a pod that the pretended node sees: its new status, or undefined to leave it. */
  readonly runPod?: (pod: Pod, nowMs: number) => JsonObject | undefined
  /** The node that a pod without one is put on: `node-1` unless told. */
  readonly nodeFor?: (pod: Pod) => string
  /** Answers requests by path (discovery, metrics); there is no such call unless told. */
  readonly raw?: KubeClient['raw']
}

/** The scale of anything with replicas. */
function scaleOf({ metadata, ...rest }: KubernetesObject): object {
  const { spec, status } = rest as {
    readonly spec?: { readonly replicas?: number; readonly selector?: { readonly matchLabels?: object } }
    readonly status?: { readonly replicas?: number }
  }
  const selector = Object.entries(spec?.selector?.matchLabels ?? {}).map((pair) => pair.join('='))
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata,
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: selector.join(',') },
  }
}

/** The status of a pod that runs and is ready. */
export function readyStatus(nowMs: number): JsonObject {
  const time = apiTime(nowMs)
  return {
    phase: 'Running',
    podIP: '10.244.0.9',
    startTime: time,
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }],
  }
}

/** Creates a bench; pods become ready at once unless told otherwise. */
export function createBench(options: BenchOptions = {}): Bench {
  const clock = new VirtualClock()
  const api = new InMemoryApi(clock)
  const deps = { client: api, clock, random: seededRandom(), log: silentLog }
  const informers = createInformerSet(deps)
  const recorder = startEventRecorder(deps, { component: 'bench' })
  const unused = (): never => {
    throw new Error('the bench has no such call')
  }
  const deleteCollection = async <T extends object>(
    resource: ApiResource<T>,
    selection: { namespace?: string | undefined } = {},
  ): Promise<void> => {
    for (const { metadata } of api.all(resource) as readonly unknown[] as readonly KubernetesObject[]) {
      if (metadata.namespace === selection.namespace) await api.delete(resource, metadata.name ?? '', selection)
    }
  }
  const getSubresource = async <R extends object>(
    resource: ApiResource,
    name: string,
    { namespace }: { namespace?: string | undefined },
  ): Promise<R> => scaleOf(await api.get(resource, name, { namespace })) as R
  const client = Object.assign(api, { deleteCollection, getSubresource, raw: options.raw ?? unused })
  const owned: AsyncDisposable[] = [recorder, informers]
  const runPod =
    options.runPod ??
    ((pod, nowMs) =>
      pod.status?.phase === undefined || pod.status.phase === 'Pending' ? readyStatus(nowMs) : undefined)
  informers.of(pods).onChange(({ type, object }) => {
    if (type !== 'deleted')
      pretend(api, { pod: object, nowMs: clock.now(), runPod, nodeFor: options.nodeFor ?? (() => 'node-1') }).catch(
        () => undefined,
      )
  })
  return {
    api,
    clock,
    context: { ...deps, client, informers, events: recorder },
    async put<T extends object>(resource: ApiResource<T>, object: unknown): Promise<T> {
      const wanted = object as KubernetesObject
      const { name = '', namespace } = wanted.metadata
      const known = api.all(resource).some((one) => {
        const { metadata } = one as unknown as KubernetesObject
        return metadata.name === name && metadata.namespace === namespace
      })
      if (known) return api.patch(resource, name, wanted as unknown as JsonObject, { namespace, type: 'merge' })
      return api.create(resource, wanted as unknown as T)
    },
    pass: (ms) => clock.advance(ms),
    told: () => api.all<Event>(events).map((event) => `${event.reason ?? ''}: ${event.message ?? ''}`),
    start: (controller) => void owned.unshift(controller({ ...deps, client, informers, events: recorder })),
    async [Symbol.asyncDispose]() {
      for (const one of owned) await one[Symbol.asyncDispose]()
    },
  }
}

async function pretend(
  api: InMemoryApi,
  seen: {
    readonly pod: Pod
    readonly nowMs: number
    readonly runPod: NonNullable<BenchOptions['runPod']>
    readonly nodeFor: (pod: Pod) => string
  },
): Promise<void> {
  const { pod } = seen
  const { name, namespace } = pod.metadata
  if (pod.metadata.deletionTimestamp !== undefined) {
    if ((pod.metadata.deletionGracePeriodSeconds ?? 0) > 0)
      await api.patch(pods, name, { metadata: { deletionGracePeriodSeconds: 0 } }, { namespace, type: 'merge' })
    return
  }
  const status = seen.runPod(pod, seen.nowMs)
  if (status === undefined) return
  const node = pod.spec.nodeName ?? seen.nodeFor(pod)
  await api.patch(pods, name, { spec: { nodeName: node }, status }, { namespace, type: 'merge' })
}

/** A pod for tables of plans. */
export function podLike(name: string, more: { metadata?: object; spec?: object; status?: object } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, ...more.metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], ...more.spec },
    ...(more.status === undefined ? {} : { status: more.status }),
  } as Pod
}
