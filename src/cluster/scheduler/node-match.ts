/** Whether a node meets node selectors and tolerated taints: the rules that several plugins and the API share. */
import type { Requirement, SelectorOperator } from '#base/data/label-selector.ts'
import { matchesSelector } from '#base/data/label-selector.ts'
import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  Taint,
  Toleration,
} from '#spec/kubernetes/objects/core-v1.generated.ts'

export type NodeTest = (node: Node) => boolean

const operators: Readonly<Record<string, SelectorOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
}

function requirementsOf(expressions: readonly NodeSelectorRequirement[] | undefined): readonly Requirement[] {
  return (expressions ?? []).flatMap(({ key, operator, values }) => {
    const known = operators[operator]
    return known === undefined ? [] : [{ key, operator: known, values: values ?? [] }]
  })
}

/** A test for one term; a term without any requirement matches no node. */
export function compileTerm(term: NodeSelectorTerm): NodeTest {
  const expressions = requirementsOf(term.matchExpressions)
  const fields = requirementsOf(term.matchFields)
  if (expressions.length === 0 && fields.length === 0) return () => false
  return (node) =>
    matchesSelector(expressions, node.metadata.labels) &&
    (fields.length === 0 || matchesSelector(fields, { 'metadata.name': node.metadata.name }))
}

/** A test for a selector: one of its terms has to match. */
export function compileNodeSelector(selector: NodeSelector): NodeTest {
  const terms = selector.nodeSelectorTerms.map(compileTerm)
  return (node) => terms.some((matches) => matches(node))
}

/** What a pod's nodeSelector and required node affinity demand; undefined when it demands nothing. */
export function requiredNodes(pod: Pod): NodeTest | undefined {
  const wanted = Object.entries(pod.spec.nodeSelector ?? {})
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const affinity = required === undefined ? undefined : compileNodeSelector(required)
  if (wanted.length === 0 && affinity === undefined) return undefined
  return (node) => {
    const labels = node.metadata.labels
    for (const [key, value] of wanted) if (labels?.[key] !== value) return false
    return affinity === undefined || affinity(node)
  }
}

/** True when a toleration covers a taint (core v1 ToleratesTaint). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { effect = '', key = '', operator = 'Equal' } = toleration
  if (![taint.effect, ''].includes(effect) || ![taint.key, ''].includes(key)) return false
  if (operator === 'Exists') return true
  const values = { theirs: taint.value ?? '', ours: toleration.value ?? '' }
  return operator === 'Equal' ? key !== '' && values.ours === values.theirs : comparesTo(operator, values)
}

/** `Lt` and `Gt`: the taint's whole number against the toleration's. */
function comparesTo(operator: string, { theirs, ours }: { readonly theirs: string; readonly ours: string }): boolean {
  if (!isWhole(theirs) || !isWhole(ours)) return false
  if (operator === 'Lt') return BigInt(theirs) < BigInt(ours)
  return operator === 'Gt' && BigInt(theirs) > BigInt(ours)
}

const isWhole = (text: string): boolean => /^-?\d{1,18}$/.test(text)

/** The first taint with one of the effects that no toleration covers. */
export function untolerated(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  if (taints === undefined) return undefined
  return taints.find(
    (taint) =>
      effects.includes(taint.effect) && !(tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  )
}
