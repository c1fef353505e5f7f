/** Node selectors and node affinity: which nodes a pod demands and which it likes. */
import type { NodeSelectorTerm } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { compileTerm } from '../node-match.ts'
import type { PodRecord } from '../pod-record.ts'
import { finalRejection, normalizeToHighest, type Plugin } from '../plugin.ts'

const rejected = finalRejection("node(s) didn't match Pod's node affinity/selector")
const contradictory = finalRejection('pod affinity terms conflict')

/** Names that a term pins by `metadata.name`; undefined when it pins none. */
function pinnedNames(term: NodeSelectorTerm): Set<string> | undefined {
  let names: Set<string> | undefined
  for (const { key, operator, values } of term.matchFields ?? []) {
    if (key !== 'metadata.name' || operator !== 'In') continue
    const wanted = new Set(values)
    names = names === undefined ? wanted : new Set([...names].filter((name) => wanted.has(name)))
  }
  return names
}

/** The only nodes a pod can go to when every one of its terms names nodes (daemon pods do). */
function onlyNodes(pod: PodRecord): Set<string> | undefined {
  const required = pod.pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined || required.nodeSelectorTerms.length === 0) return undefined
  const all = new Set<string>()
  for (const term of required.nodeSelectorTerms) {
    const names = pinnedNames(term)
    if (names === undefined) return undefined
    for (const name of names) all.add(name)
  }
  return all
}

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  preFilter: (pod) => {
    const matches = pod.requiredNodes
    if (matches === undefined) return undefined
    const only = onlyNodes(pod)
    if (only?.size === 0) return contradictory
    return {
      ...(only === undefined ? {} : { onlyNodes: only }),
      check: (entry) => (matches(entry.node) ? undefined : rejected),
    }
  },
  preScore: (pod) => {
    const preferred = pod.pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const terms = preferred.flatMap(({ weight, preference }) => {
      const isEmpty = (preference.matchExpressions ?? []).length + (preference.matchFields ?? []).length === 0
      return weight === 0 || isEmpty ? [] : [{ weight, matches: compileTerm(preference) }]
    })
    if (terms.length === 0) return undefined
    return {
      score: (entry) => terms.reduce((sum, { weight, matches }) => (matches(entry.node) ? sum + weight : sum), 0),
      normalize: (scores) => normalizeToHighest(scores, false),
    }
  },
  hints: {
    'node-added': (pod, { object }) => object === undefined || nodeMatches(pod, object),
    'node-changed': (pod, { object }) => object === undefined || nodeMatches(pod, object),
    'own-pod-changed': true,
  },
}

function nodeMatches(pod: PodRecord, object: { readonly kind: string }): boolean {
  return object.kind !== 'Node' || (pod.requiredNodes?.(object as Parameters<typeof pod.requiredNodes>[0]) ?? true)
}
