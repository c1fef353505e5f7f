/** What a controller needs of a cluster, live or simulated: `gantry/kit` runs on either without knowing which. */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { connectKubeClient } from '#clients/kubernetes/connect.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import { createLog, type Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { createTerminal } from '#world/real/terminal.ts'

/** A client with the time and the chance that its cluster lives by. */
export interface ClusterConnection extends AsyncDisposable {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface ClusterConnectionOptions {
  /** Path of a kubeconfig: the first of $KUBECONFIG, else ~/.kube/config, unless told. */
  readonly kubeconfig?: string
  /** The current one unless told. */
  readonly context?: string
  /** Takes lines of the log; standard error unless told. */
  readonly writeLog?: (line: string) => void
}

/** Where the kubeconfig is, by the rules of kubectl. */
export function kubeconfigPath(env: Readonly<Record<string, string | undefined>>): string {
  const listed = (env['KUBECONFIG'] ?? '').split(':').find((path) => path !== '')
  return listed ?? join(env['HOME'] ?? '/root', '.kube/config')
}

/** Connects to a live cluster. @throws GantryError when there is no kubeconfig, or a broken one. */
export async function connectCluster(options: ClusterConnectionOptions = {}): Promise<ClusterConnection> {
  const clock = createClock()
  const files = createFiles()
  const path = options.kubeconfig ?? kubeconfigPath(createProcesses().self.env)
  if (!(await files.exists(path)))
    throw new GantryError('CLUSTER_NO_KUBECONFIG', 'invalid', `there is no kubeconfig at ${path}`, {
      remedy: 'Name one: gantry server writes admin.kubeconfig into its root.',
    })
  const connection = await readKubeconfig(await files.readText(path), {
    ...(options.context === undefined ? {} : { context: options.context }),
    readFile: (name) => files.readText(join(path, '..', name)),
  })
  const client = connectKubeClient({ clock, connection })
  const { stderr } = createTerminal()
  const write = options.writeLog ?? ((line: string): void => void stderr.write(line))
  const log = createLog({ level: 'info', format: 'json', clock, write })
  return { client, clock, random: createRandom(), log, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() }
}
