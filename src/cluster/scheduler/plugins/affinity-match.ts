/** Whether affinity terms select a pod: by labels, and by its namespace's name or labels. */
import { matchesSelector } from '#base/data/label-selector.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import type { AffinityTerm, PodRecord } from '../pod-record.ts'

/** True when the term selects the pod. */
export function termSelects(term: AffinityTerm, pod: PodRecord, objects: ClusterObjects): boolean {
  if (term.selector === undefined) return false
  if (!term.namespaces.has(pod.namespace)) {
    if (term.namespaceSelector === undefined) return false
    if (!matchesSelector(term.namespaceSelector, objects.namespaceLabels(pod.namespace) ?? {})) return false
  }
  return matchesSelector(term.selector, pod.labels)
}

/** True when every term selects the pod; false without terms. */
export function allTermsSelect(terms: readonly AffinityTerm[], pod: PodRecord, objects: ClusterObjects): boolean {
  return terms.length > 0 && terms.every((term) => termSelects(term, pod, objects))
}
