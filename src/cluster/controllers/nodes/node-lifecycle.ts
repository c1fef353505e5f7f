/**
 * The node lifecycle controller: watches over the heartbeats of nodes, says when one is lost, taints it so that its pods
 * are evicted, and takes everything back when it returns. It holds what it has seen in memory; a restart forgives silence.
 *
 *   Ready ──silent 50 s──▶ Unknown ──its zone's turn──▶ unreachable:NoExecute ──▶ taint eviction
 *     ▲                                                        │
 *     └────────────── a status from the kubelet ◀──────────────┘
 */
import { leases, nodes, pods } from '#clients/kubernetes/resources.table.ts'
import type { Lease } from '#spec/kubernetes/objects/coordination-v1.generated.ts'
import type { Node, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import { conditionOf } from '#kit/reconcile/conditions.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { Lister } from '#kit/reconcile/informer.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import { type EventText, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import type { ControllerContext } from '../controller-context.ts'
import { isPodReady } from '../workloads/pod-state.ts'
import { hasEvictingTaint, noExecuteKey, readiness } from './node-conditions.ts'
import { nodeMetrics } from './node-metrics.ts'
import { indexByNode, nodeIndex } from './pods-of-node.ts'
import { isLoss, type NodeHealthTerms, planNodeHealth } from './plan-node-health.ts'
import { ZoneBook } from './zone-book.ts'
import { countsForZone, type EvictionTerms, zoneOf } from './zones.ts'

export interface NodeLifecycleConfig extends NodeHealthTerms, EvictionTerms {}

/** The defaults of kube-controller-manager v1.36. */
export const defaultNodeLifecycle: NodeLifecycleConfig = {
  graceMs: 50_000,
  startupGraceMs: 60_000,
  evictionsPerSecond: 0.1,
  secondaryEvictionsPerSecond: 0.01,
  largeZoneNodes: 50,
  unhealthyShare: 0.55,
}

const leaseNamespace = 'kube-node-lease'

/** Starts the controller. */
export function startNodeLifecycle(
  context: ControllerContext,
  config: NodeLifecycleConfig = defaultNodeLifecycle,
  metrics: Metrics = createMetrics(),
): Controller {
  const { informers } = context
  const cache = informers.of(nodes)
  const podCache = informers.of(pods)
  indexByNode(podCache)
  const lifecycle = new NodeLifecycle(context, { config, metrics, cache, pods: podCache })
  return createController(context, {
    name: 'node-lifecycle',
    watches: [
      watch(informers.of(leases), (change) => lifecycle.takeLease(change)),
      watch(cache, (change) => lifecycle.takeNode(change)),
      watch(podCache, (change) => lifecycle.takePod(change)),
    ],
    reconcile: (name) => lifecycle.reconcile(name),
  })
}

interface Parts {
  readonly config: NodeLifecycleConfig
  readonly metrics: Metrics
  readonly cache: Lister<Node>
  readonly pods: Lister<Pod>
}

class NodeLifecycle {
  readonly #context: ControllerContext
  readonly #parts: Parts
  readonly #book: ZoneBook
  /** When a node last gave a sign of life. One entry for each node or node lease. */
  readonly #seenMs = new Map<string, number>()
  /** Nodes some of whose pods are still to be marked not ready. */
  readonly #unmarked = new Set<string>()
  #isSilent = false

  constructor(context: ControllerContext, parts: Parts) {
    this.#context = context
    this.#parts = parts
    this.#book = new ZoneBook(parts.config)
  }

  /** A renewed lease is a sign of life; it makes nothing worth a look. */
  takeLease({ type, object, previous }: CacheChange<Lease>): readonly string[] {
    const { name, namespace } = object.metadata
    if (namespace !== leaseNamespace || name === undefined) return []
    if (type === 'deleted') {
      if (this.#parts.cache.get(name) === undefined) this.#seenMs.delete(name)
    } else if (object.spec?.renewTime !== previous?.spec?.renewTime) this.#seenMs.set(name, this.#nowMs)
    return []
  }

  takeNode({ type, object: node, previous }: CacheChange<Node>): readonly string[] {
    const { name } = node.metadata
    if (type === 'deleted') return this.#forget(node)
    if (type === 'added') this.#tell(node, 'RegisteredNode', `Registered Node ${name} in Controller`)
    const heartbeat = (of: Node | undefined): string | undefined =>
      conditionOf(of?.status?.conditions, 'Ready')?.lastHeartbeatTime
    if (type === 'added') this.#seenMs.set(name, Math.max(this.#seenMs.get(name) ?? 0, firstSeenMs(node, this.#nowMs)))
    else if (heartbeat(node) !== heartbeat(previous)) this.#seenMs.set(name, this.#nowMs)
    const zone = zoneOf(node)
    const isReady = readiness(node) === 'True'
    const before = { rate: this.#book.rateIn(zone), leavesLine: isReady && this.#book.isWaiting(name) }
    this.#book.note(name, { zone, isReady, counts: countsForZone(node) })
    return [name, ...this.#afterChangeIn(zone, before)]
  }

  /** A pod that comes to a lost node is not ready either. */
  takePod({ type, object, previous }: CacheChange<Pod>): readonly string[] {
    const name = object.spec.nodeName ?? ''
    if (type === 'deleted' || name === '' || previous?.spec.nodeName === name) return []
    const node = this.#parts.cache.get(name)
    if (node === undefined || noExecuteKey(node) === undefined || !isPodReady(object)) return []
    this.#unmarked.add(name)
    return [name]
  }

  reconcile(name: string): Plan {
    const node = this.#parts.cache.get(name)
    if (node === undefined) return nothingToDo
    const nowMs = this.#nowMs
    const seenMs = this.#seenMs.get(name) ?? nowMs
    if (isLoss({ node, nowMs, seenMs }, this.#parts.config)) this.#unmarked.add(name)
    const waitMs = this.#turnOf(node)
    const view = {
      node,
      nowMs,
      seenMs,
      pods: this.#podsToMark(node),
      mayEvict: waitMs === 0,
      isClusterSilent: this.#isSilent,
    }
    const plan = planNodeHealth(view, this.#parts.config)
    const soonest = Math.min(waitMs === 0 ? Infinity : waitMs, plan.lookAgainAfterMs ?? Infinity)
    return soonest === Infinity ? plan : { ...plan, lookAgainAfterMs: soonest }
  }

  get #nowMs(): number {
    return this.#context.clock.now()
  }

  /** 0 when the node may carry a NoExecute taint now (or needs none), else when to ask again. */
  #turnOf(node: Node): number {
    const { name } = node.metadata
    if (this.#isSilent || noExecuteKey(node) === undefined || hasEvictingTaint(node)) {
      this.#book.leave(name)
      return 0
    }
    const waitMs = this.#book.askTurn(name, this.#nowMs)
    if (waitMs === 0) this.#parts.metrics.counter(nodeMetrics.evictions).add({ zone: zoneOf(node) })
    return waitMs
  }

  #podsToMark(node: Node): readonly Pod[] {
    const { name } = node.metadata
    if (!this.#unmarked.has(name)) return []
    const status = readiness(node)
    const ready = this.#parts.pods.byIndex(nodeIndex, name).filter(isPodReady)
    if (ready.length === 0 && status !== 'True') this.#unmarked.delete(name)
    // Until the node is said to be lost, its pods are its own affair.
    return status === 'True' ? [] : ready
  }

  #forget(node: Node): readonly string[] {
    const { name } = node.metadata
    this.#tell(node, 'RemovingNode', `Removing Node ${name} from Controller`)
    this.#seenMs.delete(name)
    this.#unmarked.delete(name)
    const zone = zoneOf(node)
    const before = { rate: this.#book.rateIn(zone), leavesLine: this.#book.isWaiting(name) }
    this.#book.forget(name)
    return this.#afterChangeIn(zone, before)
  }

  /** Names of other nodes whose lot changes with the state of a zone, or since one that waited before them goes. */
  #afterChangeIn(zone: string, before: { readonly rate: number; readonly leavesLine: boolean }): readonly string[] {
    this.#measure(zone)
    const wasSilent = this.#isSilent
    this.#isSilent = this.#book.isSilent
    if (wasSilent === this.#isSilent)
      return before.leavesLine || before.rate !== this.#book.rateIn(zone) ? this.#book.waitingIn(zone) : []
    // Whoever could not be heard may have been well all the time.
    if (wasSilent) for (const name of this.#book.names) this.#seenMs.set(name, this.#nowMs)
    return this.#book.names
  }

  #measure(zone: string): void {
    const { metrics } = this.#parts
    const { ready, lost } = this.#book.countOf(zone)
    const size = ready + lost
    metrics.gauge(nodeMetrics.zoneSize).set(size, { zone })
    metrics.gauge(nodeMetrics.unhealthyNodes).set(lost, { zone })
    metrics.gauge(nodeMetrics.zoneHealth).set(size === 0 ? 100 : (100 * ready) / size, { zone })
  }

  #tell(node: Node, reason: string, event: string): void {
    const { metadata } = node
    const text: EventText = { type: 'Normal', reason, message: `Node ${metadata.name} event: ${event}` }
    this.#context.events.record({ apiVersion: 'v1', kind: 'Node', metadata }, text)
  }
}

/** A node that has never reported has been silent since it was made; of others nothing is known yet. */
function firstSeenMs(node: Node, nowMs: number): number {
  return readiness(node) === undefined ? (epochMsOf(node.metadata.creationTimestamp) ?? nowMs) : nowMs
}
