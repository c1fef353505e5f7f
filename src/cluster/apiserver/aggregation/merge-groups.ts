/** Discovery order of groups that are served here and elsewhere: by priority, as API services give it. */
import { builtInKinds } from '#spec/kubernetes/schema/kinds.ts'
import { compareVersions } from '../documents/compare-versions.ts'
import type { DiscoveredGroup, DiscoveredVersion } from '../documents/discovery.ts'
import type { RemoteDocuments } from './aggregator.ts'
import type { RemoteGroup } from './remote-group.ts'

const customPriority = 1000
const customVersionPriority = 100
/** The core group, and the group of API services themselves. */
const alwaysFirst: ReadonlySet<string> = new Set(['', 'apiregistration.k8s.io'])

type Discovered = RemoteGroup & RemoteDocuments

/** Local groups, in their order, with the remote ones in their places. */
export function mergeGroups(
  local: readonly DiscoveredGroup[],
  remote: readonly Discovered[],
): readonly DiscoveredGroup[] {
  if (remote.length === 0) return local
  const builtIn = new Map(builtInKinds.served().map(({ group, groupPriority }) => [group, groupPriority]))
  const byGroup = Map.groupBy(remote, ({ group }) => group)
  const merged = local.map((one) => {
    const more = byGroup.get(one.group) ?? []
    byGroup.delete(one.group)
    const priority = Math.max(
      builtIn.get(one.group) ?? customPriority,
      ...more.map(({ groupPriority }) => groupPriority),
    )
    return { group: withVersions(one, more), priority: alwaysFirst.has(one.group) ? Infinity : priority }
  })
  const added = [...byGroup].map(([group, more]) => ({
    group: withVersions({ group, versions: [] }, more),
    priority: Math.max(...more.map(({ groupPriority }) => groupPriority)),
  }))
  // Sorting is stable: local groups keep the order that they have among themselves where priorities are equal.
  return [...merged, ...added].toSorted((a, b) => b.priority - a.priority).map(({ group }) => group)
}

function withVersions(one: DiscoveredGroup, more: readonly Discovered[]): DiscoveredGroup {
  if (more.length === 0) return one
  const priorities = new Map(more.map(({ version, versionPriority }) => [version, versionPriority]))
  const priorityOf = ({ version }: DiscoveredVersion): number => priorities.get(version) ?? customVersionPriority
  const remote = more.map(({ version, resources, isFresh }) => ({
    version,
    resources: [],
    remote: { resources, isFresh },
  }))
  const versions = [...one.versions.filter(({ version }) => !priorities.has(version)), ...remote].toSorted(
    (a, b) => priorityOf(b) - priorityOf(a) || compareVersions(a.version, b.version),
  )
  return { group: one.group, versions }
}
