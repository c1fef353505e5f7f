/** Selectors of workloads, read once for each object. */
import { matchesSelector, type Requirement, selectorFromObject } from '#base/data/label-selector.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { KubernetesObject, LabelSelector } from '#spec/kubernetes/objects/objects.ts'

const nothing: readonly Requirement[] = [{ key: 'no-object-has-this', operator: 'in', values: [] }]

/** Requirements of an object selector; one that is missing or broken selects nothing. */
export function requirementsOf(selector: LabelSelector | undefined): readonly Requirement[] {
  if (selector === undefined) return nothing
  try {
    return selectorFromObject(selector)
  } catch (error) {
    if (error instanceof GantryError) return nothing
    throw error
  }
}

/** True for a selector that selects everything. */
export function selectsEverything(selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return false
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
}

/** True when the selector is not empty and selects the object. */
export function selectorMatches(selector: LabelSelector | undefined, object: KubernetesObject): boolean {
  return (
    selector !== undefined &&
    !selectsEverything(selector) &&
    matchesSelector(requirementsOf(selector), object.metadata.labels)
  )
}

/** A selector as Go prints it: in the texts of a few events. */
export function goTextOf(selector: LabelSelector | undefined): string {
  if (selector === undefined) return 'nil'
  const labels = Object.entries(selector.matchLabels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],}`,
  )
  const labelText = labels.map(([key, value]) => `${key}: ${value},`).join('')
  const expressionText = expressions.map((text) => `${text},`).join('')
  return `&LabelSelector{MatchLabels:map[string]string{${labelText}},MatchExpressions:[]LabelSelectorRequirement{${expressionText}},}`
}
