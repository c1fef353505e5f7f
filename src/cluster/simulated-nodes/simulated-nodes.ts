/** All simulated nodes of a cluster: one watch of the pods feeds them, one queue orders their work, each keeps its own pace. */
import { pods as podResource } from '#clients/kubernetes/resources.table.ts'
import type { ApiClient } from '#kit/reconcile/api-client.ts'
import { startEventRecorder } from '#kit/reconcile/event-recorder.ts'
import { type Informer, type Lister, startInformer } from '#kit/reconcile/informer.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { WorkQueue } from '#kit/reconcile/work-queue.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { createNodeUsage, type NodeUsage } from './node-usage.ts'
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
  /** The rules so far, the later ones stronger. */
  readonly behaviours: readonly BehaviourRule[]
  /** Behaviour for pods; takes effect with each pod's next step. */
  behave(rule: BehaviourRule): void
  /** The node falls silent: no heartbeat, no status, nothing starts or stops. */
  lose(name: string): void
  /** A lost node is back; it takes its pods over as they are in the API. */
  recover(name: string): void
  /** Adds a node. */
  add(node?: Partial<SimulatedNode>): Promise<string>
  /** What pods and nodes use now. */
  readonly usage: NodeUsage
}

const workers = 8
/** A heartbeat that failed is tried again soon: silence must mean that the node is away. */
const heartbeatRetryMs = 5000

interface Running {
  readonly kubelet: SimulatedKubelet
  isLost: boolean
}

/** Registers the nodes and runs them until disposed. */
export function startSimulatedNodes(deps: SimulatedNodesDeps, config: SimulatedNodesConfig): SimulatedNodes {
  const fleet = new Fleet(deps, config)
  const registered = Promise.all(config.nodes.map((node, index) => fleet.add({ index, ...node }))).then(() => undefined)
  registered.catch(() => undefined)
  return {
    get names() {
      return [...fleet.running.keys()]
    },
    get described() {
      return Array.from(fleet.running.values(), ({ kubelet }) => kubelet.node)
    },
    registered,
    get isIdle() {
      return fleet.isIdle
    },
    get behaviours() {
      return fleet.rules
    },
    behave: (rule) => fleet.behave(rule),
    lose: (name) => fleet.lose(name),
    recover: (name) => fleet.recover(name),
    add: (node) => fleet.add(node),
    usage: createNodeUsage(deps.clock, fleet),
    [Symbol.asyncDispose]: () => fleet.end(),
  }
}

class Fleet {
  readonly running = new Map<string, Running>()
  readonly #deps: SimulatedNodesDeps
  readonly #config: SimulatedNodesConfig
  readonly #rules: BehaviourRule[]
  readonly #abort = new AbortController()
  readonly #events: ReturnType<typeof startEventRecorder>
  readonly #pods: Informer<Pod>
  readonly #queue: WorkQueue
  readonly #subscription: Disposable
  readonly #work: Promise<void[]>
  readonly #heartbeats: Promise<void>[] = []
  #busy = 0

  constructor(deps: SimulatedNodesDeps, config: SimulatedNodesConfig) {
    this.#deps = deps
    this.#config = config
    this.#rules = [...(config.behaviours ?? [])]
    this.#events = startEventRecorder(deps, { component: 'kubelet' })
    this.#pods = startInformer(podResource, deps)
    this.#queue = new WorkQueue({ clock: deps.clock, retryFirstMs: 100, retryMostMs: 30_000 })
    this.#subscription = this.#pods.onChange(({ type, object }) => {
      const node = this.#nodeOf(object)
      if (type === 'deleted') node?.kubelet.drop(object.metadata.uid ?? '')
      else if (node !== undefined) this.#queue.add(keyOf(object))
    })
    this.#work = Promise.all(Array.from({ length: workers }, () => this.#workOn()))
  }

  get pods(): Lister<Pod> {
    return this.#pods
  }

  get rules(): readonly BehaviourRule[] {
    return this.#rules
  }

  get isIdle(): boolean {
    return this.#queue.size === 0 && this.#busy === 0
  }

  find(name: string): Running {
    const found = this.running.get(name)
    if (found === undefined) throw new Error(`there is no simulated node ${name}`)
    return found
  }

  async add(partial: Partial<SimulatedNode> = {}): Promise<string> {
    const { clock, log, clientOf } = this.#deps
    const { kubeletVersion, leaseMs = 10_000, statusMs = 300_000 } = this.#config
    const index = partial.index ?? this.running.size
    const name = partial.name ?? `sim-${index}`
    const node = { labels: {}, capacity: defaultCapacity, taints: [], kubeletVersion, ...partial, name, index }
    const kubelet = new SimulatedKubelet(
      node,
      { client: clientOf(name), clock, events: this.#events },
      () => this.#rules,
    )
    const entry: Running = { kubelet, isLost: false }
    this.running.set(name, entry)
    await untilDone(() => kubelet.register(), { clock, log, signal: this.#abort.signal })
    this.#heartbeats.push(this.#repeat(leaseMs, entry, () => kubelet.renewLease()))
    this.#heartbeats.push(this.#repeat(statusMs, entry, () => kubelet.reportStatus()))
    // Pods that were here before (a fork, a rollback) came to the cache while nobody knew the node.
    this.#wakeAll(name)
    return name
  }

  behave(rule: BehaviourRule): void {
    this.#rules.push(rule)
    for (const name of this.running.keys()) this.#wakeAll(name)
  }

  /** However seldom leases are renewed, silence counts from here on: the last renewal is of this moment. */
  lose(name: string): void {
    const node = this.find(name)
    if (node.isLost) return
    node.isLost = true
    node.kubelet
      .renewLease()
      .catch((error: unknown) => this.#deps.log.debug('no last heartbeat', { node: name, error }))
  }

  recover(name: string): void {
    const node = this.find(name)
    node.isLost = false
    node.kubelet
      .reportStatus()
      .then(() => node.kubelet.renewLease())
      .catch((error: unknown) => this.#deps.log.debug('node not back', { name, error }))
    this.#wakeAll(name)
  }

  async end(): Promise<void> {
    this.#abort.abort(new Error('the simulated nodes have ended'))
    this.#subscription[Symbol.dispose]()
    this.#queue[Symbol.dispose]()
    await Promise.allSettled([this.#work, ...this.#heartbeats])
    await this.#pods[Symbol.asyncDispose]()
    await this.#events[Symbol.asyncDispose]()
  }

  #nodeOf(pod: Pod): Running | undefined {
    return this.running.get(pod.spec.nodeName ?? '')
  }

  #wakeAll(name: string): void {
    for (const pod of this.#pods.list()) if (pod.spec.nodeName === name) this.#queue.add(keyOf(pod))
  }

  async #workOn(): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      this.#busy++
      try {
        const afterMs = await this.#sync(key)
        this.#queue.forget(key)
        if (afterMs !== undefined) this.#queue.addAfter(key, afterMs)
      } catch (error) {
        if (!this.#abort.signal.aborted) this.#deps.log.debug('pod not synced', { pod: key, error })
        this.#queue.retry(key)
      }
      this.#busy--
      this.#queue.done(key)
    }
  }

  async #sync(key: string): Promise<number | undefined> {
    const pod = this.#pods.get(key)
    const node = pod === undefined ? undefined : this.#nodeOf(pod)
    if (pod === undefined || node === undefined || node.isLost || isDone(pod)) return undefined
    return node.kubelet.sync(pod)
  }

  async #repeat(everyMs: number, node: Running, act: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#deps
    const { signal } = this.#abort
    let waitMs = everyMs
    while (!signal.aborted) {
      await clock.sleep(waitMs, signal).catch(() => undefined)
      waitMs = everyMs
      if (signal.aborted || node.isLost) continue
      await act().catch((error: unknown) => {
        waitMs = Math.min(everyMs, heartbeatRetryMs)
        log.debug('heartbeat failed', { node: node.kubelet.node.name, error })
      })
    }
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
