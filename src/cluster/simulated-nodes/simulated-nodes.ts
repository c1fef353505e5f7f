/** All simulated nodes of a cluster: one watch of the pods feeds them, one queue orders their work, each keeps its own pace. */
import { nodes as nodeResource, pods as podResource } from '#clients/kubernetes/resources.table.ts'
import type { ApiClient } from '#kit/reconcile/api-client.ts'
import { startEventRecorder } from '#kit/reconcile/event-recorder.ts'
import { startInformer } from '#kit/reconcile/informer.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { WorkQueue } from '#kit/reconcile/work-queue.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { defaultCapacity, type SimulatedNode } from './node-object.ts'
import type { BehaviourRule } from './pod-behaviour.ts'
import { SimulatedKubelet } from './simulated-kubelet.ts'

export interface SimulatedNodesDeps {
  /** Sees all pods. */
  readonly client: ApiClient
  /** Acts as the kubelet of a node. */
  readonly clientOf: (nodeName: string) => ApiClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface SimulatedNodesConfig {
  readonly nodes: readonly Partial<SimulatedNode>[]
  readonly kubeletVersion: string
  readonly behaviours?: readonly BehaviourRule[]
  /** Between renewals of a node's lease; 10 s as kubelets do. */
  readonly leaseMs?: number
  /** Between reports of a node's status; 5 min as kubelets do. */
  readonly statusMs?: number
}

export interface SimulatedNodes extends AsyncDisposable {
  readonly names: readonly string[]
  /** What the nodes are like: enough to make the same ones again. */
  readonly described: readonly SimulatedNode[]
  /** Resolves when every node is registered. */
  readonly registered: Promise<void>
  readonly isIdle: boolean
  /** Behaviour for pods; takes effect with each pod's next step. */
  behave(rule: BehaviourRule): void
  /** The node falls silent: no heartbeat, no status, nothing starts or stops. */
  lose(name: string): void
  /** A lost node is back; it takes its pods over as they are in the API. */
  recover(name: string): void
  /** Adds a node. */
  add(node?: Partial<SimulatedNode>): Promise<string>
}

const workers = 8

interface Running {
  readonly kubelet: SimulatedKubelet
  isLost: boolean
}

/** Registers the nodes and runs them until disposed. */
export function startSimulatedNodes(deps: SimulatedNodesDeps, config: SimulatedNodesConfig): SimulatedNodes {
  const { clock, log } = deps
  const { leaseMs = 10_000, statusMs = 300_000 } = config
  const rules: BehaviourRule[] = [...(config.behaviours ?? [])]
  const running = new Map<string, Running>()
  const abort = new AbortController()
  const events = startEventRecorder(deps, { component: 'kubelet' })
  const pods = startInformer(podResource, deps)
  const queue = new WorkQueue({ clock, retryFirstMs: 100, retryMostMs: 30_000 })
  const state = { busy: 0 }
  const nodeOf = (pod: Pod): Running | undefined => running.get(pod.spec.nodeName ?? '')
  const subscription = pods.onChange(({ type, object }) => {
    if (type === 'deleted') nodeOf(object)?.kubelet.drop(object.metadata.uid ?? '')
    else if (running.has(object.spec.nodeName ?? '')) queue.add(keyOf(object))
  })
  const work = async (): Promise<void> => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      state.busy++
      const pod = pods.get(key)
      const node = pod === undefined ? undefined : nodeOf(pod)
      try {
        const afterMs =
          pod === undefined || node === undefined || node.isLost || isDone(pod)
            ? undefined
            : await node.kubelet.sync(pod)
        queue.forget(key)
        if (afterMs !== undefined) queue.addAfter(key, afterMs)
      } catch (error) {
        if (!abort.signal.aborted) log.debug('pod not synced', { pod: key, error })
        queue.retry(key)
      }
      state.busy--
      queue.done(key)
    }
  }
  const working = Promise.all(Array.from({ length: workers }, work))
  const tasks: Promise<void>[] = []
  const repeat = async (everyMs: number, node: Running, act: () => Promise<void>): Promise<void> => {
    while (!abort.signal.aborted) {
      await clock.sleep(everyMs, abort.signal).catch(() => undefined)
      if (abort.signal.aborted || node.isLost) continue
      await act().catch((error: unknown) => log.debug('heartbeat failed', { node: node.kubelet.node.name, error }))
    }
  }
  const add = async (partial: Partial<SimulatedNode> = {}): Promise<string> => {
    const index = partial.index ?? running.size
    const name = partial.name ?? `sim-${index}`
    const { kubeletVersion } = config
    const node = { labels: {}, capacity: defaultCapacity, taints: [], kubeletVersion, ...partial, name, index }
    const kubelet = new SimulatedKubelet(node, { client: deps.clientOf(name), clock, events }, () => rules)
    const entry: Running = { kubelet, isLost: false }
    running.set(name, entry)
    await untilDone(() => kubelet.register(), { clock, log, signal: abort.signal })
    tasks.push(repeat(leaseMs, entry, () => kubelet.renewLease()))
    tasks.push(repeat(statusMs, entry, () => kubelet.reportStatus()))
    return name
  }
  const registered = Promise.all(config.nodes.map((node, index) => add({ index, ...node }))).then(() => undefined)
  registered.catch(() => undefined)
  const wakeAll = (name: string): void => {
    for (const pod of pods.list()) if (pod.spec.nodeName === name) queue.add(keyOf(pod))
  }
  const find = (name: string): Running => {
    const found = running.get(name)
    if (found === undefined) throw new Error(`there is no simulated ${nodeResource.kind} ${name}`)
    return found
  }
  return {
    get names() {
      return [...running.keys()]
    },
    get described() {
      return Array.from(running.values(), ({ kubelet }) => kubelet.node)
    },
    registered,
    get isIdle() {
      return queue.size === 0 && state.busy === 0
    },
    behave: (rule) => {
      rules.push(rule)
      for (const name of running.keys()) wakeAll(name)
    },
    lose: (name) => {
      find(name).isLost = true
    },
    recover: (name) => {
      const node = find(name)
      node.isLost = false
      void node.kubelet
        .reportStatus()
        .then(() => node.kubelet.renewLease())
        .catch((error: unknown) => log.debug('node not back', { name, error }))
      wakeAll(name)
    },
    add,
    async [Symbol.asyncDispose]() {
      abort.abort(new Error('the simulated nodes have ended'))
      subscription[Symbol.dispose]()
      queue[Symbol.dispose]()
      await Promise.allSettled([working, ...tasks])
      await pods[Symbol.asyncDispose]()
      await events[Symbol.asyncDispose]()
    },
  }
}

/** Terminal pods that nobody deletes need nothing any more. */
function isDone({ status, metadata }: Pod): boolean {
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
  return isOver && metadata.deletionTimestamp === undefined
}

/** Tries until it works; a server that is starting refuses at first. */
async function untilDone(
  act: () => Promise<void>,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  for (let delayMs = 100; ; delayMs = Math.min(10_000, delayMs * 2)) {
    try {
      await act()
      return
    } catch (error) {
      signal.throwIfAborted()
      log.debug('node not registered', { error })
      await clock.sleep(delayMs, signal)
    }
  }
}
