/**
 * Zones of the cluster and how fast their lost nodes may be emptied: at once where few are lost, slower or not at all where
 * most are, since then the fault is more likely the network than the nodes (v1.36, nodelifecycle).
 */
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'

export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption'

export interface EvictionTerms {
  /** Nodes per second that may be emptied in a healthy zone. */
  readonly evictionsPerSecond: number
  /** The same where most of a large zone is lost. */
  readonly secondaryEvictionsPerSecond: number
  /** A zone of more nodes than this is large. */
  readonly largeZoneNodes: number
  /** The share of lost nodes from which a zone counts as disrupted. */
  readonly unhealthyShare: number
}

export interface ZoneCount {
  readonly ready: number
  readonly lost: number
}

const excluded = 'node.kubernetes.io/exclude-disruption'

/** The name of a node's zone: region and zone; '' for nodes that say neither. */
export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? ''
  const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? ''
  return region === '' && zone === '' ? '' : `${region}:\u0000:${zone}`
}

/** False for nodes that say they do not count when a zone's state is judged. */
export function countsForZone(node: Node): boolean {
  return node.metadata.labels?.[excluded] === undefined
}

/** The state of a zone. */
export function zoneState({ ready, lost }: ZoneCount, { unhealthyShare }: EvictionTerms): ZoneState {
  if (ready === 0 && lost > 0) return 'FullDisruption'
  return lost > 2 && lost / (lost + ready) >= unhealthyShare ? 'PartialDisruption' : 'Normal'
}

/** Nodes per second that may be emptied in a zone. */
export function evictionRate(count: ZoneCount, terms: EvictionTerms): number {
  if (zoneState(count, terms) !== 'PartialDisruption') return terms.evictionsPerSecond
  return count.ready + count.lost > terms.largeZoneNodes ? terms.secondaryEvictionsPerSecond : 0
}
