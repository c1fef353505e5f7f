/** Node selectors and node affinity: which nodes a pod demands and which it likes. */
import type { NodeAffinity, NodeSelectorTerm } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { compileNodeSelector, compileTerm, type NodeTest } from '../node-match.ts'
import type { PodRecord } from '../pod-record.ts'
import { normalizeToHighest, type Plugin } from '../plugin.ts'
import { finalRejection } from '../rejection.ts'

const rejected = finalRejection("node(s) didn't match Pod's node affinity/selector")
const enforcedRejected = finalRejection("node(s) didn't match scheduler-enforced node affinity")
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

/** Builds the plugin; `added` is what the profile demands and likes on behalf of every pod. */
export function nodeAffinity(added: NodeAffinity = {}): Plugin {
  const required = added.requiredDuringSchedulingIgnoredDuringExecution
  const enforced = required === undefined ? undefined : compileNodeSelector(required)
  const addedTerms = preferredTerms(added)
  return {
    name: 'NodeAffinity',
    preFilter: (pod) => {
      const matches = pod.requiredNodes
      if (matches === undefined && enforced === undefined) return undefined
      const { nodeSelector, affinity } = pod.pod.spec
      const only = onlyNodes(pod)
      if (only?.size === 0) return contradictory
      return {
        ...(only === undefined ? {} : { onlyNodes: only }),
        question: JSON.stringify([
          nodeSelector,
          affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution,
        ]),
        check: ({ node }) => {
          if (enforced?.(node) === false) return enforcedRejected
          return matches?.(node) === false ? rejected : undefined
        },
      }
    },
    preScore: (pod) => {
      const preferred = pod.pod.spec.affinity?.nodeAffinity
      const terms = [...addedTerms, ...preferredTerms(preferred)]
      if (terms.length === 0) return undefined
      return {
        question: JSON.stringify(preferred ?? []),
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
}

function preferredTerms(affinity: NodeAffinity | undefined): { readonly weight: number; readonly matches: NodeTest }[] {
  return (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ weight, preference }) => {
    const isEmpty = (preference.matchExpressions ?? []).length + (preference.matchFields ?? []).length === 0
    return weight === 0 || isEmpty ? [] : [{ weight, matches: compileTerm(preference) }]
  })
}

function nodeMatches(pod: PodRecord, object: { readonly kind: string }): boolean {
  return object.kind !== 'Node' || (pod.requiredNodes?.(object as Parameters<typeof pod.requiredNodes>[0]) ?? true)
}
