/**
 * Leader election: of several candidates one works at a time. It holds a Lease and renews it; when it cannot renew before
 * the deadline, its work is stopped before another may begin. Times are client-go's defaults: 15 s, 10 s, 2 s.
 */
import type { Lease } from '#spec/kubernetes/objects/coordination-v1.generated.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { ApiClient, ApiResource } from './api-client.ts'
import { isGone, isStale, isTaken } from './api-failure.ts'
import type { EventRecorder } from './event-recorder.ts'
import { type LeaseMove, planLease, releasedLease } from './plan-lease.ts'

export interface LeaderElectionDeps {
  readonly client: ApiClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly events?: EventRecorder
}

export interface LeaderElectionConfig {
  /** Name of the Lease. */
  readonly name: string
  readonly namespace: string
  /** Unique among the candidates. */
  readonly identity: string
  /** Starts the work of a leader; it is disposed when the lease is lost or the election ends. */
  readonly lead: () => AsyncDisposable | Promise<AsyncDisposable>
  readonly leaseDurationMs?: number
  readonly renewDeadlineMs?: number
  readonly retryMs?: number
}

export interface LeaderElection extends AsyncDisposable {
  readonly isLeader: boolean
}

const leaseResource: ApiResource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
}

/** Takes part in an election until disposed; then the lease is given back. */
export function startLeaderElection(deps: LeaderElectionDeps, config: LeaderElectionConfig): LeaderElection {
  const { clock, random, log } = deps
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2000 } = config
  const abort = new AbortController()
  const state: State = { seen: undefined, changedMs: clock.monotonicMs(), work: undefined, renewedMs: 0 }
  const stepDown = async (): Promise<void> => {
    const work = state.work
    state.work = undefined
    await work?.[Symbol.asyncDispose]()
  }
  const round = async (): Promise<void> => {
    const holds = await tryHold(deps, { ...config, leaseDurationMs }, state)
    if (holds === 'unknown' && clock.monotonicMs() - state.renewedMs < renewDeadlineMs) return
    if (holds !== 'yes') {
      if (state.work !== undefined) log.warn('lost the lease', { lease: config.name })
      await stepDown()
    } else state.work ??= await config.lead()
  }
  const running = (async () => {
    while (!abort.signal.aborted) {
      await round()
      const jitter = state.work === undefined ? 1 + random.float() * 1.2 : 1
      await clock.sleep(retryMs * jitter, abort.signal).catch(() => undefined)
    }
    const held = state.work !== undefined
    await stepDown()
    if (held && state.seen !== undefined) await giveBack(deps, state.seen, config)
  })()
  return {
    get isLeader() {
      return state.work !== undefined
    },
    async [Symbol.asyncDispose]() {
      abort.abort(new Error('the election has ended'))
      await running
    },
  }
}

interface State {
  seen: Lease | undefined
  changedMs: number
  work: AsyncDisposable | undefined
  renewedMs: number
}

/** One round: `yes` the lease is ours, `no` another holds it, `unknown` the server did not answer. */
async function tryHold(
  deps: LeaderElectionDeps,
  config: LeaderElectionConfig & { readonly leaseDurationMs: number },
  state: State,
): Promise<'yes' | 'no' | 'unknown'> {
  try {
    await look(deps, config, state)
    const at = { nowMs: deps.clock.now(), monotonicMs: deps.clock.monotonicMs() }
    const move = planLease(config, { lease: state.seen, changedMs: state.changedMs }, at)
    if (move.do === 'wait') return 'no'
    state.seen = await write(deps, move, config)
    state.changedMs = at.monotonicMs
    state.renewedMs = at.monotonicMs
    if (move.isNewTerm) tellLeader(deps, state.seen, config.identity)
    return 'yes'
  } catch (error) {
    if (isStale(error) || isTaken(error)) return state.seen?.spec?.holderIdentity === config.identity ? 'unknown' : 'no'
    deps.log.warn('lease not renewed', { lease: config.name, error })
    return 'unknown'
  }
}

async function look({ client, clock }: LeaderElectionDeps, config: LeaderElectionConfig, state: State): Promise<void> {
  let lease: Lease | undefined
  try {
    lease = await client.get(leaseResource, config.name, { namespace: config.namespace })
  } catch (error) {
    if (!isGone(error)) throw error
  }
  if (lease?.metadata.resourceVersion !== state.seen?.metadata.resourceVersion) state.changedMs = clock.monotonicMs()
  state.seen = lease
}

function write(
  { client }: LeaderElectionDeps,
  move: Exclude<LeaseMove, { do: 'wait' }>,
  config: LeaderElectionConfig,
): Promise<Lease> {
  const place = { namespace: config.namespace }
  return move.do === 'create'
    ? client.create(leaseResource, move.lease, place)
    : client.update(leaseResource, move.lease, place)
}

function tellLeader({ events }: LeaderElectionDeps, lease: Lease, identity: string): void {
  const subject = { ...lease, apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
  events?.record(subject, { type: 'Normal', reason: 'LeaderElection', message: `${identity} became leader` })
}

async function giveBack(
  { client, clock, log }: LeaderElectionDeps,
  lease: Lease,
  config: LeaderElectionConfig,
): Promise<void> {
  try {
    await client.update(leaseResource, releasedLease(lease, clock.now()), { namespace: config.namespace })
  } catch (error) {
    log.debug('lease not given back', { lease: config.name, error })
  }
}
