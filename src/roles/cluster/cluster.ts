/**
 * A whole Kubernetes cluster in this process, on a seed and in virtual time: memory store, API server, controllers,
 * scheduler and simulated nodes. No root, no container, no port unless asked for. The same seed gives the same history.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import type { User } from '#cluster/apiserver/user.ts'
import { createApiServer } from '#cluster/apiserver/api-server.ts'
import { serveMetrics } from '#cluster/apiserver/metrics-api/serve-metrics.ts'
import { serverVersion } from '#cluster/apiserver/documents/server-version.ts'
import { startControllers } from '#cluster/controllers/controllers.ts'
import { readSchedulerConfiguration } from '#cluster/scheduler/configuration/read-scheduler-configuration.ts'
import type { SchedulerConfig } from '#cluster/scheduler/scheduler-config.ts'
import { startScheduler } from '#cluster/scheduler/scheduler.ts'
import type { SimulatedNode } from '#cluster/simulated-nodes/node-object.ts'
import type { BehaviourRule } from '#cluster/simulated-nodes/pod-behaviour.ts'
import { type SimulatedNodes, startSimulatedNodes } from '#cluster/simulated-nodes/simulated-nodes.ts'
import { createMemoryStore, type MemorySnapshot, type MemoryStore } from '#kit/store/memory-store.ts'
import { createAuthority } from '#kit/tls/issue-certificate.ts'
import { type Log, silentLog } from '#kit/telemetry/log.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { defaultStartMs, SimClock } from '#world/sim/clock.ts'
import { createSeededRandom, type SeededRandom } from '#world/sim/random.ts'
import { applyManifest, type Manifest } from './apply-manifest.ts'
import { brokenInvariants } from './cluster-errors.ts'
import type { ClusterConnection } from './connect-cluster.ts'
import { type ClusterHistory, followHistory } from './cluster-history.ts'
import { Violations, watchInvariants } from './cluster-invariants.ts'
import { type ClusterIdentity, createClusterIdentity, identityParts, noIdentityParts } from './cluster-identity.ts'
import type { ListenAt } from './listen-at.ts'
import { type Listening, listenForClients } from './listen-for-clients.ts'
import { podRangeFor } from '#roles/server/pod-range.ts'
import { durationMs } from './simulated-duration.ts'
import { readExportedState } from './read-exported-state.ts'
import type { ClusterSnapshot } from './cluster-snapshot.ts'
import { faultyClient, noFaults, type SimulatedFaults } from './simulated-faults.ts'

export interface ClusterOptions {
  /** How many nodes (`sim-0`, `sim-1`, …), or what they are like. 1 unless told; with `from`, beside those there were, none. */
  readonly nodes?: number | readonly Partial<SimulatedNode>[]
  readonly seed?: number | string
  /** Failures between the components; the cluster's own client never sees one. */
  readonly faults?: Partial<SimulatedFaults>
  /** How pods behave, by labels, namespace or image. */
  readonly behaviours?: readonly BehaviourRule[]
  /** A KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1), as YAML or as an object: profiles, plugins, back-off. */
  readonly scheduler?: string | object
  /** Listens on a port with TLS and writes a kubeconfig; virtual time then keeps up with the wall's. */
  readonly listen?: boolean | ListenAt
  /** Starts from a moment of another cluster: a simulated one's, or what `gantry server export` wrote of a live one. */
  readonly from?: ClusterSnapshot | MemorySnapshot | string
  /** Wall time at the start, milliseconds since 1970; 2026-01-01 unless told. */
  readonly startMs?: number
  readonly log?: Log
}

export interface ClusterTime {
  /** Milliseconds since 1970, in the cluster. */
  now(): number
  /** Lets time pass: `'5 minutes'`, `'3 days'`, or milliseconds. @throws when an invariant breaks. */
  advance(duration: string | number): Promise<void>
}

export interface Cluster extends AsyncDisposable {
  /** Acts as the administrator. */
  readonly client: KubeClient
  readonly time: ClusterTime
  readonly nodes: SimulatedNodes
  /** The API server's address, when it listens. */
  readonly url: string | undefined
  /** Path of a kubeconfig for stock kubectl, when it listens. */
  readonly kubeconfig: string | undefined
  /** A client that acts as somebody else. */
  clientFor(user: User): KubeClient
  /** What a controller of your own runs on, in the cluster's time; faults strike it as they strike the built-in ones. */
  connect(): ClusterConnection
  /** Applies YAML text or objects as server-side apply does. */
  apply(manifest: Manifest): Promise<KubernetesObject[]>
  /** Lets time pass until nothing but heartbeats has happened for a while, at most `within` (5 minutes unless told). */
  settle(within?: string | number): Promise<void>
  snapshot(): ClusterSnapshot
  /** Another cluster that goes on from this moment by itself. */
  fork(options?: Omit<ClusterOptions, 'from' | 'nodes'>): Promise<Cluster>
  /** Back to a moment of this cluster (or another). Clients taken before must be taken anew. */
  rollback(snapshot: ClusterSnapshot): Promise<void>
  /** A digest of every write so far: equal for equal seeds. */
  history(): string
  /** Broken invariants in words. */
  readonly violations: readonly string[]
}

const administrator: User = { name: 'admin', groups: ['system:masters', 'system:authenticated'] }
const component = (name: string): User => ({ name, groups: ['system:masters', 'system:authenticated'] })
/** Nothing but heartbeats for this long counts as settled: longer than probes, back-offs of a first restart, retries. */
const quietMs = 15_000
const settleMostMs = 300_000
const minuteMs = 60_000
/**
 * A third as often as kubelets renew, well within the 50 s after which a node counts as lost: days pass faster. A failed
 * renewal is tried again soon, and a node that falls silent renews a last time, so nobody is lost earlier for it.
 */
const leaseMs = 30_000

/** Starts a cluster; it answers when the promise resolves. Time stands still until it is advanced. */
export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const identity = (options.listen ?? false) === false ? undefined : await createClusterIdentity()
  const running = await startRunning(options, asSnapshot(options), identity)
  const state = { running, turn: Promise.resolve(), ended: false }
  /** One at a time: two that let time pass at once would each see half of it. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const result = state.turn.then(act)
    state.turn = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }
  const pass = async (ms: number): Promise<void> => {
    await state.running.clock.advance(ms)
    const { violations } = state.running
    if (violations.length > 0) throw brokenInvariants(violations, options.seed)
  }
  const settle = async (withinMs: number): Promise<void> => {
    const { clock, history } = state.running
    const untilMs = clock.monotonicMs() + withinMs
    await pass(0)
    const since = clock.monotonicMs()
    while (clock.monotonicMs() < untilMs) {
      const quietSinceMs = Math.max(history.lastChangeMs, since)
      if (clock.monotonicMs() - quietSinceMs >= quietMs) return
      await pass(Math.min(1000, untilMs - clock.monotonicMs()))
    }
  }
  const snapshot = (): ClusterSnapshot => snapshotOf(state.running)
  const listening = await listen(identity, options, {
    api: () => state.running.api,
    keepUp: (ms) => inTurn(() => pass(ms)),
  })
  return {
    get client() {
      return state.running.api.clientFor(administrator)
    },
    get nodes() {
      return state.running.nodes
    },
    time: {
      now: () => state.running.clock.now(),
      advance: (duration) => inTurn(() => pass(durationMs(duration))),
    },
    url: listening?.url,
    kubeconfig: listening?.kubeconfig,
    clientFor: (user) => state.running.api.clientFor(user),
    connect: () => state.running.connect(),
    apply: (manifest) => applyManifest(state.running.api.clientFor(administrator), manifest),
    settle: (within = settleMostMs) => inTurn(() => settle(durationMs(within))),
    snapshot,
    fork: (changed = {}) => createCluster({ ...options, listen: false, ...changed, nodes: 0, from: snapshot() }),
    rollback: (to) =>
      inTurn(async () => {
        await state.running[Symbol.asyncDispose]()
        state.running = await startRunning(options, to, identity)
      }),
    history: () => state.running.history.digest(),
    get violations() {
      return state.running.violations
    },
    async [Symbol.asyncDispose]() {
      if (state.ended) return
      state.ended = true
      await endListening(listening)
      await state.turn
      await state.running[Symbol.asyncDispose]()
    },
  }
}

function snapshotOf({ store, clock, nodes }: Running): ClusterSnapshot {
  return { store: store.snapshot(), timeMs: clock.now(), nodes: nodes.described }
}

async function listen(
  identity: ClusterIdentity | undefined,
  { listen: at, log = silentLog }: ClusterOptions,
  { api, keepUp }: { readonly api: () => Running['api']; readonly keepUp: (ms: number) => Promise<void> },
): Promise<Listening | undefined> {
  if (identity === undefined) return undefined
  const { authority } = identity
  return listenForClients(api, { at: typeof at === 'object' ? at : {}, authority, log, keepUp })
}

async function endListening(listening: Listening | undefined): Promise<void> {
  await listening?.[Symbol.asyncDispose]()
}

function asSnapshot({
  from,
  nodes,
  startMs = defaultStartMs,
}: ClusterOptions): Partial<ClusterSnapshot> & Pick<ClusterSnapshot, 'nodes' | 'timeMs'> {
  if (from === undefined) return { nodes: asNodes(nodes ?? 1), timeMs: startMs }
  if (typeof from !== 'string' && !('timeMs' in from))
    return { store: from, nodes: asNodes(nodes ?? 1), timeMs: startMs }
  const moment = typeof from === 'string' ? readExportedState(from) : from
  return { ...moment, nodes: withMoreNodes(moment.nodes, asNodes(nodes ?? 0)) }
}

function asNodes(nodes: NonNullable<ClusterOptions['nodes']>): ClusterSnapshot['nodes'] {
  return typeof nodes === 'number' ? Array.from({ length: nodes }, () => ({})) : nodes
}

/** Nodes that come after others: with addresses of their own, and names of their own where they bring none. */
function withMoreNodes(there: ClusterSnapshot['nodes'], more: ClusterSnapshot['nodes']): ClusterSnapshot['nodes'] {
  const names = new Set(there.map(({ name }) => name))
  let index = there.length
  const placed = more.map((node) => {
    while (node.name === undefined && names.has(`sim-${index}`)) index++
    return { ...node, index: index++ }
  })
  return [...there, ...placed]
}

interface Running extends AsyncDisposable {
  readonly clock: SimClock
  readonly store: MemoryStore
  readonly api: Awaited<ReturnType<typeof createApiServer>>
  readonly nodes: SimulatedNodes
  readonly history: ClusterHistory
  readonly violations: readonly string[]
  readonly connect: () => ClusterConnection
}

async function startRunning(
  options: ClusterOptions,
  from: ReturnType<typeof asSnapshot>,
  identity: ClusterIdentity | undefined,
): Promise<Running> {
  const { seed = 1, log = silentLog } = options
  const faults = { ...noFaults, ...options.faults }
  await using scope = new AsyncDisposableStack()
  // The moment is part of the seed: a fork must not draw the same names and uids again.
  const random = createSeededRandom(from.store === undefined ? seed : `${seed}/${from.store.revision}`)
  const clock = new SimClock({ startMs: Math.ceil(from.timeMs), order: random.fork('order') })
  const store = scope.use(createMemoryStore({ clock, ...(from.store === undefined ? {} : { from: from.store }) }))
  const violations = new Violations()
  const history = scope.use(followHistory(store.local, { nowMs: () => clock.monotonicMs(), violations }))
  const started: { nodes?: SimulatedNodes } = {}
  const rules = (): readonly BehaviourRule[] => started.nodes?.behaviours ?? []
  const known = identity === undefined ? noIdentityParts : await identityParts(identity, { clock, scope, rules })
  const api = scope.use(
    await createApiServer({ clock, random: random.fork('server'), store, log, ...known.deps }, known.config),
  )
  scope.use(watchInvariants(api.parts.cache, violations))
  const actAs = (name: string, user: User = component(name)): KubeClient =>
    faultyClient(api.clientFor(user), faults, random.fork(`faults of ${name}`))
  const depsFor = (name: string): { client: KubeClient; clock: SimClock; random: SeededRandom; log: Log } => ({
    client: actAs(name),
    clock,
    random: random.fork(name),
    log,
  })
  scope.use(
    startControllers(
      { client: (user) => actAs(user.name, user), clock, random: random.fork('controllers'), log },
      {
        rootCertificatePem: api.config.certificateAuthority,
        clusterCidr: podRangeFor(from.nodes.length),
        signingAuthority: once(() => identity?.authority ?? createAuthority({ clock, random }, 'gantry')),
        ...known.controllers,
      },
    ),
  )
  scope.use(startScheduler(depsFor('system:kube-scheduler'), schedulerConfigOf(options)))
  const nodes = scope.use(
    startSimulatedNodes(
      {
        ...depsFor('simulated-nodes'),
        clientOf: (name) => actAs(`system:node:${name}`, nodeUser(name)),
      },
      {
        nodes: from.nodes,
        kubeletVersion: serverVersion.gitVersion,
        leaseMs,
        ...(options.behaviours === undefined ? {} : { behaviours: options.behaviours }),
      },
    ),
  )
  started.nodes = nodes
  scope.use(serveMetrics(api.parts.resources, nodes.usage))
  scope.use(loseNodes(nodes, { clock, random: random.fork('node loss'), faults }))
  // What needs no time is there when the cluster is: pods may be made at once, since their service account is.
  await clock.advance(0)
  const owned = scope.move()
  const connect = (): ClusterConnection => {
    const parts = depsFor('controller of the user')
    return { ...parts, [Symbol.asyncDispose]: () => parts.client[Symbol.asyncDispose]() }
  }
  const end = (): Promise<void> => owned.disposeAsync()
  return { clock, store, api, nodes, history, violations: violations.found, connect, [Symbol.asyncDispose]: end }
}

function schedulerConfigOf({ scheduler }: ClusterOptions): SchedulerConfig | undefined {
  if (scheduler === undefined) return undefined
  const config = readSchedulerConfiguration(scheduler)
  if (config.extenders.length === 0) return config
  throw new GantryError(
    'CLUSTER_EXTENDERS',
    'invalid',
    'extenders are servers outside, which virtual time cannot wait for',
    {
      remedy: 'Leave the extenders out, or run gantry server with the configuration.',
    },
  )
}

/** Makes something when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function nodeUser(name: string): User {
  return { name: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] }
}

/** Lets nodes fall silent and come back, as often as the faults say. */
function loseNodes(
  nodes: SimulatedNodes,
  {
    clock,
    random,
    faults,
  }: { readonly clock: SimClock; readonly random: SeededRandom; readonly faults: SimulatedFaults },
): Disposable {
  if (faults.nodeLoss === 0) return { [Symbol.dispose]: () => undefined }
  const timers = new Set<Disposable>()
  const after = (ms: number, act: () => void): void => {
    const timer = clock.setTimer(ms, () => {
      timers.delete(timer)
      act()
    })
    timers.add(timer)
  }
  const everyMinute = (): void => {
    for (const name of nodes.names) {
      if (random.float() >= faults.nodeLoss) continue
      nodes.lose(name)
      after(faults.nodeAwayMs, () => nodes.recover(name))
    }
    after(minuteMs, everyMinute)
  }
  after(minuteMs, everyMinute)
  return {
    [Symbol.dispose]: () => {
      for (const timer of timers) timer[Symbol.dispose]()
    },
  }
}
