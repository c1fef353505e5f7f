/** What admission and authorisation may look at: the cached objects, time, chance and the server's settings. */
import { flatText } from '#base/data/flat-text.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { type ApiObject, timeText } from './api-object.ts'
import type { ApiServerConfig } from './api-server-config.ts'
import type { Allocations } from './strategies/services/allocations.ts'
import type { ObjectCache } from './cache/object-cache.ts'
import type { ServedResources } from './served-resource.ts'
import type { StrategyView } from './strategies/strategy-view.ts'
import { newName } from './writes/new-name.ts'

/** Read access to the cluster as of now. */
export interface ClusterView extends StrategyView {
  readonly config: ApiServerConfig
  readonly resources: ServedResources
  /**
   * The volume with a pod's token. Its name is drawn once and not for each pod: pods of one template are then alike in all
   * of their specs, of which the cache and the scheduler hold one.
   */
  readonly tokenVolumeName: string
  /** Milliseconds since 1970. */
  nowMs(): number
  /** As `find`, after everything written before is seen. */
  findNewest(storage: string, namespace: string, name: string): Promise<ApiObject | undefined>
}

export interface ViewParts {
  readonly cache: ObjectCache
  readonly clock: Clock
  readonly random: Random
  readonly config: ApiServerConfig
  readonly resources: ServedResources
  readonly allocations: Allocations
}

/** Now as metadata carries it; a second has one text, however many objects are written in it. */
function secondsOf(clock: Clock): () => string {
  let second = Number.NaN
  let text = ''
  return () => {
    const now = Math.floor(clock.now() / 1000)
    if (now !== second) {
      second = now
      text = flatText(timeText(now * 1000))
    }
    return text
  }
}

/** What the names of such volumes begin with. */
export const tokenVolumePrefix = 'kube-api-access-'

/** The view of a server. */
export function createClusterView({ cache, clock, random, config, resources, allocations }: ViewParts): ClusterView {
  const find: ClusterView['find'] = (storage, namespace, name) =>
    cache.collection(storage).get(namespace === '' ? name : `${namespace}/${name}`)?.value
  return {
    config,
    resources,
    allocations,
    random,
    tokenVolumeName: newName(tokenVolumePrefix, random),
    nowMs: () => clock.now(),
    now: secondsOf(clock),
    find,
    list: (storage, namespace) => {
      const collection = cache.collection(storage)
      // Every write asks for policies, webhooks and limits, and hardly any cluster has them all.
      if (collection.size === 0) return []
      return Array.from(collection.range(namespace === '' ? '' : `${namespace}/`), (stored) => stored.value)
    },
    findNewest: async (storage, namespace, name) => {
      await cache.catchUp()
      return find(storage, namespace, name)
    },
  }
}
