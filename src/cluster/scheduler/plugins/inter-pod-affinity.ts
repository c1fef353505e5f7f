/**
 * Affinity between pods. Required terms count, by pair of topology key and value, the pods that they select; anti-affinity
 * of pods already placed holds against the new one too. Preferred terms of both sides add up to a score.
 */
import { matchesSelector } from '#base/data/label-selector.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import type { KnownNode, NodeTable } from '../node-table.ts'
import type { AffinityTerm, PodRecord } from '../pod-record.ts'
import type { Plugin } from '../plugin.ts'
import { finalRejection, rejection } from '../rejection.ts'
import { allTermsSelect, termSelects } from './affinity-match.ts'

const existingRejects = rejection("node(s) didn't satisfy existing pods anti-affinity rules")
const antiRejects = rejection("node(s) didn't match pod anti-affinity rules")
const affinityRejects = finalRejection("node(s) didn't match pod affinity rules")

export interface InterPodAffinityArgs {
  /** Required affinity of a placed pod towards the new one weighs this much when nodes are compared. */
  readonly hardWeight: number
  /** What placed pods like does not count for a pod that likes nothing itself. */
  readonly ignoresLikesOfPlaced: boolean
}

export const defaultInterPodAffinityArgs: InterPodAffinityArgs = { hardWeight: 1, ignoresLikesOfPlaced: false }

/** Counts by topology key and value. */
export class PairCounts {
  readonly #counts = new Map<string, Map<string, number>>()

  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  add(key: string, value: string, by: number): void {
    if (by === 0) return
    const values = this.#counts.get(key) ?? new Map<string, number>()
    const count = (values.get(value) ?? 0) + by
    if (count === 0) values.delete(value)
    else values.set(value, count)
    if (values.size === 0) this.#counts.delete(key)
    else this.#counts.set(key, values)
  }

  of(key: string, value: string): number {
    return this.#counts.get(key)?.get(value) ?? 0
  }

  /** What the pairs of a node's labels sum up to. */
  sumFor(entry: KnownNode): number {
    let sum = 0
    for (const [key, values] of this.#counts) {
      const value = entry.node.metadata.labels?.[key]
      if (value !== undefined) sum += values.get(value) ?? 0
    }
    return sum
  }
}

interface Required {
  /** Anti-affinity of placed pods that selects the new pod. */
  readonly existing: PairCounts
  readonly affinity: PairCounts
  readonly anti: PairCounts
}

interface Counting {
  readonly pod: PodRecord
  readonly counts: Required
  readonly objects: ClusterObjects
}

const topologyOf = (entry: KnownNode, key: string): string | undefined => entry.node.metadata.labels?.[key]

interface Counted {
  readonly other: PodRecord
  readonly entry: KnownNode
  readonly by: 1 | -1
}

/** Counts one placed pod (or takes it back with -1). */
function countPod({ pod, counts, objects }: Counting, { other, entry, by }: Counted): void {
  const addAll = (to: PairCounts, terms: readonly AffinityTerm[]): void => {
    for (const { topologyKey } of terms) {
      const value = topologyOf(entry, topologyKey)
      if (value !== undefined) to.add(topologyKey, value, by)
    }
  }
  addAll(
    counts.existing,
    other.antiAffinity.filter((term) => termSelects(term, pod, objects)),
  )
  // A pod counts for affinity only when all terms select it; for anti-affinity each term stands alone.
  if (allTermsSelect(pod.affinity, other, objects)) addAll(counts.affinity, pod.affinity)
  addAll(
    counts.anti,
    pod.antiAffinity.filter((term) => termSelects(term, other, objects)),
  )
}

function countAll(counting: Counting, table: NodeTable): void {
  const cares = counting.pod.affinity.length > 0 || counting.pod.antiAffinity.length > 0
  const entries = cares ? table.order() : table.withAntiAffinity
  for (const entry of entries) {
    if (entry.node === undefined) continue
    const others = cares ? entry.pods : entry.withAntiAffinity
    for (const other of others.values()) countPod(counting, { other, entry: entry as KnownNode, by: 1 })
  }
}

function meetsAffinity({ pod, counts, objects }: Counting, entry: KnownNode): boolean {
  let isEverywhere = true
  for (const { topologyKey } of pod.affinity) {
    const value = topologyOf(entry, topologyKey)
    if (value === undefined) return false
    if (counts.affinity.of(topologyKey, value) <= 0) isEverywhere = false
  }
  // The first pod of a group that wants to be near its own kind has to start somewhere.
  return isEverywhere || (counts.affinity.isEmpty && allTermsSelect(pod.affinity, pod, objects))
}

/** Builds the plugin; its arguments are the profile's choice. */
export function interPodAffinity(args: InterPodAffinityArgs = defaultInterPodAffinityArgs): Plugin {
  return {
    name: 'InterPodAffinity',
    preFilter: (pod, { table, objects }) => {
      const counts: Required = { existing: new PairCounts(), affinity: new PairCounts(), anti: new PairCounts() }
      const counting = { pod, counts, objects }
      countAll(counting, table)
      const cares = pod.affinity.length > 0 || pod.antiAffinity.length > 0
      if (!cares && counts.existing.isEmpty && table.withAntiAffinity.size === 0) return undefined
      return {
        check: (entry) => {
          if (pod.affinity.length > 0 && !meetsAffinity(counting, entry)) return affinityRejects
          for (const { topologyKey } of pod.antiAffinity) {
            const value = topologyOf(entry, topologyKey)
            if (value !== undefined && counts.anti.of(topologyKey, value) > 0) return antiRejects
          }
          return !counts.existing.isEmpty && counts.existing.sumFor(entry) > 0 ? existingRejects : undefined
        },
        whatIf: (other, entry, by) => countPod(counting, { other, entry, by }),
      }
    },
    preScore: (pod, { table, objects }) => {
      const cares = pod.preferredAffinity.length > 0 || pod.preferredAntiAffinity.length > 0
      if (!cares && (args.ignoresLikesOfPlaced || table.withAffinity.size === 0)) return undefined
      const weights = new PairCounts()
      for (const entry of cares ? table.order() : table.withAffinity) {
        if (entry.node === undefined) continue
        const known = entry as KnownNode
        const others = cares ? entry.pods : entry.withAffinity
        for (const other of others.values())
          weigh({ pod, other, entry: known, weights, objects, hardWeight: args.hardWeight })
      }
      if (weights.isEmpty) return undefined
      return { score: (entry) => weights.sumFor(entry), normalize: spreadOut }
    },
    hints: {
      'pod-added': (pod, change) => change.pod === undefined || isWanted(pod, change.pod),
      'pod-deleted': (pod, change) =>
        change.pod === undefined || isWanted(pod, change.pod) || keepsOff(pod, change.pod),
      'pod-changed': (pod, change) =>
        change.pod === undefined ||
        change.podBefore === undefined ||
        isWanted(pod, change.pod) !== isWanted(pod, change.podBefore) ||
        (keepsOff(pod, change.podBefore) && !keepsOff(pod, change.pod)),
      'own-pod-changed': true,
      'node-added': true,
      'node-changed': true,
      namespace: true,
    },
  }
}

/** Whether a term selects a pod; where that depends on the labels of namespaces, it may. */
function maySelect({ selector, namespaces, namespaceSelector }: AffinityTerm, pod: PodRecord): boolean {
  const isInside = namespaceSelector !== undefined || namespaces.has(pod.namespace)
  return isInside && selector !== undefined && matchesSelector(selector, pod.labels)
}

/** `other` is one that `pod` has to be near. */
function isWanted(pod: PodRecord, other: PodRecord): boolean {
  return pod.affinity.length > 0 && pod.affinity.every((term) => maySelect(term, other))
}

/** One of the two does not want to be near the other. */
function keepsOff(pod: PodRecord, other: PodRecord): boolean {
  return (
    pod.antiAffinity.some((term) => maySelect(term, other)) || other.antiAffinity.some((term) => maySelect(term, pod))
  )
}

function weigh(pair: {
  readonly pod: PodRecord
  readonly other: PodRecord
  readonly entry: KnownNode
  readonly weights: PairCounts
  readonly objects: ClusterObjects
  readonly hardWeight: number
}): void {
  const { pod, other, entry, weights, objects, hardWeight } = pair
  const add = (terms: readonly AffinityTerm[], about: PodRecord, weightOf: (term: AffinityTerm) => number): void => {
    for (const term of terms) {
      const value = topologyOf(entry, term.topologyKey)
      if (value === undefined || !termSelects(term, about, objects)) continue
      weights.add(term.topologyKey, value, weightOf(term))
    }
  }
  add(pod.preferredAffinity, other, ({ weight }) => weight)
  add(pod.preferredAntiAffinity, other, ({ weight }) => -weight)
  add(other.affinity, pod, () => hardWeight)
  add(other.preferredAffinity, pod, ({ weight }) => weight)
  add(other.preferredAntiAffinity, pod, ({ weight }) => -weight)
}

/** The lowest score becomes 0, the highest 100. */
function spreadOut(scores: Float64Array): void {
  let least = Infinity
  let most = -Infinity
  for (const score of scores) {
    if (score < least) least = score
    if (score > most) most = score
  }
  const range = most - least
  for (let index = 0; index < scores.length; index++) {
    scores[index] = range > 0 ? Math.trunc((100 * ((scores[index] ?? 0) - least)) / range) : 0
  }
}
