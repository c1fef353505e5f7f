/**
 * `matchLabelKeys` and `mismatchLabelKeys` of a new pod become requirements of the selectors beside them, with the values of
 * the pod's own labels: whoever reads the pod later needs to look at the selectors only (registry/core/pod, v1.36).
 */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt } from '../api-object.ts'

/** The pod with its label keys merged into the selectors of affinity terms and spread constraints. */
export function withMergedLabelKeys(pod: ApiObject): ApiObject {
  const spec = objectAt(pod, 'spec')
  const labels = pod.metadata.labels ?? {}
  const constraints = listAt(spec, 'topologySpreadConstraints')
  const affinity = objectAt(spec, 'affinity')
  const named = [...constraints, ...affinityTerms(affinity)].some(
    (one) => listOf(one['matchLabelKeys']).length + listOf(one['mismatchLabelKeys']).length > 0,
  )
  if (!named) return pod
  return {
    ...pod,
    spec: {
      ...spec,
      ...(constraints.length === 0
        ? {}
        : { topologySpreadConstraints: constraints.map((one) => withSelector(one, labels)) }),
      ...(spec['affinity'] === undefined ? {} : { affinity: mergedAffinity(affinity, labels) }),
    },
  }
}

type Labels = Readonly<Record<string, string>>
const kinds = ['podAffinity', 'podAntiAffinity'] as const
const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'

const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as readonly string[]) : [])

function affinityTerms(affinity: JsonObject): readonly JsonObject[] {
  return kinds.flatMap((kind) => [
    ...listAt(affinity, kind, required),
    ...listAt(affinity, kind, preferred).map((weighted) => objectAt(weighted, 'podAffinityTerm')),
  ])
}

function mergedAffinity(affinity: JsonObject, labels: Labels): JsonObject {
  const merged: Record<string, unknown> = { ...affinity }
  for (const kind of kinds) {
    if (affinity[kind] === undefined) continue
    const terms: Record<string, unknown> = { ...objectAt(affinity, kind) }
    if (terms[required] !== undefined)
      terms[required] = listAt(affinity, kind, required).map((term) => withSelector(term, labels))
    if (terms[preferred] !== undefined)
      terms[preferred] = listAt(affinity, kind, preferred).map((weighted) => ({
        ...weighted,
        podAffinityTerm: withSelector(objectAt(weighted, 'podAffinityTerm'), labels),
      }))
    merged[kind] = terms
  }
  return merged as JsonObject
}

/** A term without a selector selects nothing, and goes on doing so. */
function withSelector(term: JsonObject, labels: Labels): JsonObject {
  const added = [
    ...requirements(listOf(term['matchLabelKeys']), 'In', labels),
    ...requirements(listOf(term['mismatchLabelKeys']), 'NotIn', labels),
  ]
  if (added.length === 0 || term['labelSelector'] === undefined) return term
  const selector = objectAt(term, 'labelSelector')
  return {
    ...term,
    labelSelector: { ...selector, matchExpressions: [...listAt(selector, 'matchExpressions'), ...added] },
  }
}

function requirements(keys: readonly string[], operator: string, labels: Labels): readonly JsonObject[] {
  return keys.flatMap((key) => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  })
}
