/**
 * Spreads pods over topology domains. DoNotSchedule constraints hold the skew of matching pods at or below `maxSkew`;
 * ScheduleAnyway constraints, and the built-in ones for pods of a service or workload, only order the nodes.
 */
import { type Requirement, selectorFromObject } from '#base/data/label-selector.ts'
import type { TopologySpreadConstraint } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { untolerated } from '../node-match.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import type { KnownNode, NodeTable } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'
import type { Cycle, Plugin, QueueingHint } from '../plugin.ts'
import { finalRejection, rejection } from '../rejection.ts'
import { isSelected, type PodSelection } from '../selected-pods.ts'
import { defaultSelector } from './default-selector.ts'

const skewed = rejection("node(s) didn't match pod topology spread constraints")
const unlabelled = finalRejection("node(s) didn't match pod topology spread constraints (missing required label)")
const hostnameKey = 'kubernetes.io/hostname'

interface Constraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly minDomains: number
  readonly selector: readonly Requirement[]
  readonly honorsAffinity: boolean
  readonly honorsTaints: boolean
}

function compile(constraint: TopologySpreadConstraint, pod: PodRecord): Constraint {
  const selector = [...(constraint.labelSelector === undefined ? [] : selectorFromObject(constraint.labelSelector))]
  for (const key of constraint.matchLabelKeys ?? []) {
    const value = pod.labels?.[key]
    if (value !== undefined) selector.push({ key, operator: 'in', values: [value] })
  }
  return {
    maxSkew: constraint.maxSkew,
    topologyKey: constraint.topologyKey,
    minDomains: constraint.minDomains ?? 1,
    // Without a selector nothing is counted.
    selector: constraint.labelSelector === undefined ? [{ key: '', operator: 'exists', values: [] }] : selector,
    honorsAffinity: (constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
  }
}

/** A constraint of the profile, for pods that have none of their own; pods of the same owner are counted. */
export type ProfileConstraint = Pick<TopologySpreadConstraint, 'maxSkew' | 'topologyKey' | 'whenUnsatisfiable'>

/** The cluster's own soft constraints: 3 pods of difference between nodes, 5 between zones. */
export const systemConstraints: readonly ProfileConstraint[] = [
  { maxSkew: 3, topologyKey: hostnameKey, whenUnsatisfiable: 'ScheduleAnyway' },
  { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
]

interface Wanted {
  readonly when: string
  readonly profile: readonly ProfileConstraint[]
  readonly objects: ClusterObjects
}

/** The pod's own constraints of a kind, or the profile's where the pod has none at all. */
function constraintsOf(pod: PodRecord, { when, profile, objects }: Wanted): Constraint[] {
  const own = pod.pod.spec.topologySpreadConstraints ?? []
  if (own.length > 0)
    return own.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when).map((one) => compile(one, pod))
  const added = profile.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when)
  const selector = added.length === 0 ? [] : defaultSelector(pod, objects)
  if (selector.length === 0) return []
  return added.map(({ maxSkew, topologyKey }) => ({
    ...{ maxSkew, topologyKey, selector },
    ...{ minDomains: 1, honorsAffinity: true, honorsTaints: false },
  }))
}

function isCounted(pod: PodRecord, entry: KnownNode, constraint: Constraint): boolean {
  if (constraint.honorsAffinity && pod.requiredNodes !== undefined && !pod.requiredNodes(entry.node)) return false
  const hard = ['NoSchedule', 'NoExecute']
  return !constraint.honorsTaints || untolerated(entry.node.spec.taints, pod.pod.spec.tolerations, hard) === undefined
}

/** The pods that count together with `pod`. */
const countedWith = ({ namespace }: PodRecord, { selector }: Constraint): PodSelection => ({ namespace, selector })

const hasAllKeys = (entry: KnownNode, constraints: readonly Constraint[]): boolean =>
  constraints.every(({ topologyKey }) => entry.node.metadata.labels?.[topologyKey] !== undefined)

/** True when a hard constraint of `pod` counts `other`; where the profile constrains it, any pod beside it may count. */
function isCountedFor(pod: PodRecord, other: PodRecord): boolean {
  const own = pod.pod.spec.topologySpreadConstraints ?? []
  if (own.length === 0) return pod.namespace === other.namespace
  return own.some(
    (one) => one.whenUnsatisfiable === 'DoNotSchedule' && isSelected(other, countedWith(pod, compile(one, pod))),
  )
}

/** Matching pods by domain, for one constraint. */
function domainCounts(
  pod: PodRecord,
  table: NodeTable,
  { constraint, all }: { readonly constraint: Constraint; readonly all: readonly Constraint[] },
): Map<string, number> {
  const domains = new Map<string, number>()
  const counts = table.selectedPods(countedWith(pod, constraint))
  for (const entry of table.order()) {
    if (!hasAllKeys(entry, all) || !isCounted(pod, entry, constraint)) continue
    const value = entry.node.metadata.labels?.[constraint.topologyKey] ?? ''
    domains.set(value, (domains.get(value) ?? 0) + (counts[entry.row] ?? 0))
  }
  return domains
}

const leastOf = (domains: ReadonlyMap<string, number>, { minDomains }: Constraint): number => {
  if (domains.size < minDomains) return 0
  let least = Infinity
  for (const count of domains.values()) if (count < least) least = count
  return least === Infinity ? 0 : least
}

/** Builds the plugin; `profile` holds the constraints of pods that have none of their own. */
export function podTopologySpread(profile: readonly ProfileConstraint[] = systemConstraints): Plugin {
  const isConcerned: QueueingHint = (pod, { pod: other, podBefore }) =>
    other === undefined || [other, podBefore].some((one) => one !== undefined && isCountedFor(pod, one))
  return {
    name: 'PodTopologySpread',
    preFilter: (pod, { table, objects }) => {
      const constraints = constraintsOf(pod, { when: 'DoNotSchedule', profile, objects })
      if (constraints.length === 0) return undefined
      const parts = constraints.map((constraint) => {
        const domains = domainCounts(pod, table, { constraint, all: constraints })
        const self = isSelected(pod, countedWith(pod, constraint)) ? 1 : 0
        return { constraint, domains, least: leastOf(domains, constraint), self }
      })
      return {
        check: (entry) => {
          for (const { constraint, domains, least, self } of parts) {
            const value = entry.node.metadata.labels?.[constraint.topologyKey]
            if (value === undefined) return unlabelled
            if ((domains.get(value) ?? 0) + self - least > constraint.maxSkew) return skewed
          }
          return undefined
        },
        whatIf: (other, entry, by) => {
          for (const part of parts) {
            const value = entry.node.metadata.labels?.[part.constraint.topologyKey]
            if (value === undefined || !isSelected(other, countedWith(pod, part.constraint))) continue
            if (!hasAllKeys(entry, constraints) || !isCounted(pod, entry, part.constraint)) continue
            part.domains.set(value, (part.domains.get(value) ?? 0) + by)
            part.least = leastOf(part.domains, part.constraint)
          }
        },
      }
    },
    preScore: (pod, cycle, entries) => scoreSpread(pod, { cycle, profile }, entries),
    hints: {
      'pod-added': isConcerned,
      'pod-deleted': isConcerned,
      'pod-changed': isConcerned,
      'own-pod-changed': true,
      'node-added': true,
      'node-changed': true,
    },
  }
}

function scoreSpread(
  pod: PodRecord,
  { cycle, profile }: { readonly cycle: Cycle; readonly profile: readonly ProfileConstraint[] },
  entries: readonly KnownNode[],
): ReturnType<NonNullable<Plugin['preScore']>> {
  const constraints = constraintsOf(pod, { when: 'ScheduleAnyway', profile, objects: cycle.objects })
  if (constraints.length === 0) return undefined
  // With the cluster's own constraints a node without a zone still takes part, by its other keys.
  const isLenient = profile === systemConstraints && (pod.pod.spec.topologySpreadConstraints ?? []).length === 0
  const takesPart = (entry: KnownNode): boolean => isLenient || hasAllKeys(entry, constraints)
  const ignored = new Set(entries.filter((entry) => !takesPart(entry)).map(({ row }) => row))
  const parts = constraints.map((constraint) => {
    const isHost = constraint.topologyKey === hostnameKey
    const counts = cycle.table.selectedPods(countedWith(pod, constraint))
    // A host is a domain of its own: its pods need no adding up.
    const domains = isHost ? undefined : domainsOf(constraint, entries, ignored)
    if (domains !== undefined && domains.size > 0)
      countInto(domains, pod, { constraint, counts, entries: cycle.table.order().filter(takesPart) })
    const size = domains?.size ?? entries.length - ignored.size
    // Domains weigh by the logarithm of their number, so that many hosts do not drown few zones.
    return { constraint, counts, domains, weight: Math.log(size + 2) }
  })
  return {
    score: (entry) => {
      if (ignored.has(entry.row)) return 0
      let sum = 0
      for (const { constraint, counts, domains, weight } of parts) {
        const value = entry.node.metadata.labels?.[constraint.topologyKey]
        if (value === undefined) continue
        const count = (domains === undefined ? counts[entry.row] : domains.get(value)) ?? 0
        sum += count * weight + (constraint.maxSkew - 1)
      }
      return Math.round(sum)
    },
    normalize: (scores, nodes) => fewestFirst(scores, nodes, ignored),
  }
}

/** The domains of the nodes that take part, without pods so far. */
function domainsOf(
  { topologyKey }: Constraint,
  entries: readonly KnownNode[],
  ignored: ReadonlySet<number>,
): Map<string, number> {
  const domains = new Map<string, number>()
  for (const entry of entries) {
    const value = entry.node.metadata.labels?.[topologyKey]
    if (value !== undefined && !ignored.has(entry.row)) domains.set(value, 0)
  }
  return domains
}

/** Adds the matching pods of nodes to the domains that take part. */
function countInto(
  domains: Map<string, number>,
  pod: PodRecord,
  {
    constraint,
    counts,
    entries,
  }: {
    readonly constraint: Constraint
    readonly counts: readonly (number | undefined)[]
    readonly entries: readonly KnownNode[]
  },
): void {
  for (const entry of entries) {
    const value = entry.node.metadata.labels?.[constraint.topologyKey]
    const count = value === undefined ? undefined : domains.get(value)
    if (value === undefined || count === undefined || !isCounted(pod, entry, constraint)) continue
    domains.set(value, count + (counts[entry.row] ?? 0))
  }
}

/** The fewest matching pods become 100; nodes that take no part get 0. */
function fewestFirst(scores: Float64Array, nodes: readonly KnownNode[], ignored: ReadonlySet<number>): void {
  let least = Infinity
  let most = 0
  for (const [index, entry] of nodes.entries()) {
    if (ignored.has(entry.row)) continue
    const score = scores[index] ?? 0
    if (score < least) least = score
    if (score > most) most = score
  }
  for (const [index, entry] of nodes.entries()) {
    if (ignored.has(entry.row)) scores[index] = 0
    else if (most === 0) scores[index] = 100
    else scores[index] = Math.trunc((100 * (most + least - (scores[index] ?? 0))) / most)
  }
}
