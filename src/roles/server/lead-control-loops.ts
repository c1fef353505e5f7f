/**
 * The control loops of a server that is one of several on one etcd: they run on the one that holds the lease, and on another
 * when that one ends or cannot renew it.
 */
import type { ApiServer } from '#cluster/apiserver/api-server.ts'
import { startLeaderElection } from '#kit/reconcile/leader-election.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { World } from '#world/ports/world.ts'
import { type ControlLoopsConfig, startControlLoops } from './control-loops.ts'

export interface LoopsOfServer {
  readonly api: ApiServer
  readonly log: Log
  /** Where the server listens. */
  readonly url: string
  /** Other servers may work on the same objects. */
  readonly isReplicated: boolean
}

/** The lease and the user by which upstream's controller manager elects its leader: its bootstrap role covers both. */
const lease = { name: 'kube-controller-manager', namespace: 'kube-system' }
const user = { name: 'system:kube-controller-manager', groups: ['system:authenticated'] }

/** Starts the loops, or the election of who runs them; disposing the result ends them and gives the lease back. */
export async function startServerLoops(
  world: Pick<World, 'clock' | 'random' | 'files'>,
  { api, log, url, isReplicated }: LoopsOfServer,
  config: ControlLoopsConfig,
): Promise<AsyncDisposable> {
  const lead = (): AsyncDisposable => startControlLoops(world, { api, log }, config)
  if (!isReplicated) return lead()
  const { clock, random } = world
  const identity = await identityOf(world, url)
  return startLeaderElection({ client: api.clientFor(user), clock, random, log }, { ...lease, identity, lead })
}

/** The machine's name and where it listens: after a restart the same, so that it need not wait for its own lease to run out. */
async function identityOf({ files }: Pick<World, 'files'>, url: string): Promise<string> {
  const path = '/proc/sys/kernel/hostname'
  const hostname = (await files.exists(path)) ? (await files.readText(path)).trim() : 'unknown'
  return `${hostname}_${new URL(url).host}`
}
