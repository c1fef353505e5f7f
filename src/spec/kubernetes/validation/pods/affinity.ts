/** Where pods may run: node selectors, affinity, tolerations, topology spread. */
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../objects/core-v1.generated.ts'
import type { LabelSelector } from '../../objects/objects.ts'
import { each, ifSet, matches, oneOf, oneOfIfSet, positive, requiredOneOf, joined } from '../checks.ts'
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../formats.ts'
import { selectorValueErrors, validateLabelSelector } from '../labels.ts'
import type { PodOptions } from './pod-options.ts'

const requiredTerms = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferredTerms = 'preferredDuringSchedulingIgnoredDuringExecution'

function validateNodeRequirement(
  at: Path,
  requirement: NodeSelectorRequirement,
  allowInvalidValues: boolean,
): FieldError[] {
  const { operator, values, key } = requirement
  const isComparison = operator === 'Gt' || operator === 'Lt'
  const single = "must be specified single value when `operator` is 'Lt' or 'Gt'"
  const counted = values?.length === 1 ? [] : [required(at.child('values'), single)]
  return joined(
    isComparison ? counted : selectorValueErrors(at, operator, values),
    matches(at.child('key'), key, qualifiedName),
    allowInvalidValues ? [] : each(at.child('values'), values, (value, valueAt) => matches(valueAt, value, labelValue)),
  )
}

function validateFieldRequirement(requirement: NodeSelectorRequirement, at: Path): FieldError[] {
  const { operator, values, key } = requirement
  const errors: FieldError[] = []
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(at.child('operator'), operator, 'not a valid selector operator'))
  } else if (values?.length !== 1) {
    const text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    errors.push(required(at.child('values'), text))
  }
  if (key !== 'metadata.name') return [...errors, invalid(at.child('key'), key, 'not a valid field selector key')]
  return joined(
    errors,
    each(at.child('values'), values, (value, valueAt) => matches(valueAt, value, dnsSubdomain)),
  )
}

function validateNodeTerm(at: Path, term: NodeSelectorTerm, allowInvalidValues: boolean): FieldError[] {
  return joined(
    each(at.child('matchExpressions'), term.matchExpressions, (requirement, itemAt) =>
      validateNodeRequirement(itemAt, requirement, allowInvalidValues),
    ),
    each(at.child('matchFields'), term.matchFields, validateFieldRequirement),
  )
}

/** A node selector: at least one term. */
export function validateNodeSelector(
  at: Path,
  selector: NodeSelector,
  allowInvalidValues: boolean = false,
): FieldError[] {
  const termsAt = at.child('nodeSelectorTerms')
  if ((selector.nodeSelectorTerms ?? []).length === 0) {
    return [required(termsAt, 'must have at least one node selector term')]
  }
  return each(termsAt, selector.nodeSelectorTerms, (term, itemAt) => validateNodeTerm(itemAt, term, allowInvalidValues))
}

/** True when some required term has values that are no label values. */
export function hasInvalidNodeValue(selector: NodeSelector | undefined): boolean {
  const requirements = (selector?.nodeSelectorTerms ?? []).flatMap((term) => term.matchExpressions ?? [])
  return requirements.flatMap(({ values }) => values ?? []).some((value) => labelValue(value).length > 0)
}

function weightErrors(at: Path, weight: number): FieldError[] {
  return weight > 0 && weight <= 100 ? [] : [invalid(at.child('weight'), weight, 'must be in the range 1-100')]
}

function labelKeys(at: Path, keys: readonly string[] | undefined, selector: LabelSelector | undefined): FieldError[] {
  if ((keys ?? []).length === 0) return []
  if (selector === undefined) return [forbidden(at, 'must not be specified when labelSelector is not set')]
  return each(at, keys, (key, itemAt) => matches(itemAt, key, qualifiedName))
}

interface KeyedTerm {
  readonly matchLabelKeys?: readonly string[]
  readonly mismatchLabelKeys?: readonly string[]
  readonly labelSelector?: LabelSelector
}

/** Keys whose values are taken from the pod itself: they need a selector, and may be named once only. */
function validateMatchKeys(at: Path, term: KeyedTerm): FieldError[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term
  const errors = joined(
    labelKeys(at.child('matchLabelKeys'), matchLabelKeys, labelSelector),
    labelKeys(at.child('mismatchLabelKeys'), mismatchLabelKeys, labelSelector),
  )
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key)
    if (index >= 0 && seen.has(key)) {
      errors.push(invalid(at.index(index), key, 'exists in both matchLabelKeys and labelSelector'))
    }
    seen.add(key)
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue
    const text = 'exists in both matchLabelKeys and mismatchLabelKeys'
    errors.push(invalid(at.child('matchLabelKeys').index(index), key, text))
  }
  return errors
}

function validateAffinityTerm(at: Path, term: PodAffinityTerm, options: PodOptions): FieldError[] {
  const keyAt = at.child('topologyKey')
  const allow = options.allowInvalidSelectorValues
  return joined(
    validateLabelSelector(at.child('labelSelector'), term.labelSelector, allow),
    validateLabelSelector(at.child('namespaceSelector'), term.namespaceSelector, allow),
    (term.namespaces ?? []).flatMap((name) => matches(at.child('namespace'), name, dnsLabel)),
    validateMatchKeys(at, term),
    term.topologyKey === '' ? [required(keyAt, 'can not be empty')] : [],
    matches(keyAt, term.topologyKey, qualifiedName),
  )
}

function validatePodAffinity(at: Path, affinity: PodAffinity, options: PodOptions): FieldError[] {
  return joined(
    each(at.child(requiredTerms), affinity[requiredTerms], (term, itemAt) =>
      validateAffinityTerm(itemAt, term, options),
    ),
    each(at.child(preferredTerms), affinity[preferredTerms], (term, itemAt) =>
      joined(
        weightErrors(itemAt, term.weight),
        validateAffinityTerm(itemAt.child('podAffinityTerm'), term.podAffinityTerm, options),
      ),
    ),
  )
}

/** Affinity to nodes and to other pods. */
export function validateAffinity(at: Path, affinity: Affinity | undefined, options: PodOptions): FieldError[] {
  const nodeAt = at.child('nodeAffinity')
  return joined(
    ifSet(affinity?.nodeAffinity?.[requiredTerms], (selector) =>
      validateNodeSelector(nodeAt.child(requiredTerms), selector, options.allowInvalidNodeAffinityValues),
    ),
    each(nodeAt.child(preferredTerms), affinity?.nodeAffinity?.[preferredTerms], (term, itemAt) =>
      joined(weightErrors(itemAt, term.weight), validateNodeTerm(itemAt.child('preference'), term.preference, true)),
    ),
    ifSet(affinity?.podAffinity, (pods) => validatePodAffinity(at.child('podAffinity'), pods, options)),
    ifSet(affinity?.podAntiAffinity, (pods) => validatePodAffinity(at.child('podAntiAffinity'), pods, options)),
  )
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** The effect of a taint. */
export function validateTaintEffect(at: Path, effect: string | undefined): FieldError[] {
  return requiredOneOf(at, effect, effects)
}

function tolerationValue(at: Path, toleration: Toleration): FieldError[] {
  const { value = '' } = toleration
  const operator: string = toleration.operator ?? ''
  const operatorAt = at.child('operator')
  if (operator === '' || operator === 'Equal') {
    const problems = labelValue(value)
    return problems.length === 0 ? [] : [invalid(operatorAt, value, problems.join(';'))]
  }
  if (operator === 'Exists') {
    return value === '' ? [] : [invalid(operatorAt, value, "value must be empty when `operator` is 'Exists'")]
  }
  // Comparing operators are known to the API, but off in this release.
  const isComparison = operator === 'Lt' || operator === 'Gt'
  return [notSupported(operatorAt, operator, isComparison ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists'])]
}

/** Tolerations of taints. */
export function validateTolerations(at: Path, tolerations: readonly Toleration[] | undefined): FieldError[] {
  return each(at, tolerations, (toleration, itemAt) => {
    const { key = '', effect } = toleration
    const errors = key === '' ? [] : matches(itemAt.child('key'), key, qualifiedName)
    if (key === '' && toleration.operator !== 'Exists') {
      const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalid(itemAt.child('operator'), toleration.operator ?? '', text))
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
      errors.push(invalid(itemAt.child('effect'), effect ?? '', text))
    }
    errors.push(...tolerationValue(itemAt, toleration))
    return joined(errors, (effect ?? '') === '' ? [] : validateTaintEffect(itemAt.child('effect'), effect))
  })
}

function validateMinDomains(at: Path, constraint: TopologySpreadConstraint): FieldError[] {
  const { minDomains, whenUnsatisfiable } = constraint
  if (minDomains === undefined) return []
  const errors = positive(at, minDomains)
  if (whenUnsatisfiable === 'DoNotSchedule') return errors
  const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
  return [...errors, invalid(at, minDomains, text)]
}

/** How pods are spread over topology domains. */
export function validateTopologySpread(
  at: Path,
  constraints: readonly TopologySpreadConstraint[] | undefined,
  options: PodOptions,
): FieldError[] {
  return each(at, constraints, (constraint, itemAt, index) => {
    const { topologyKey, whenUnsatisfiable } = constraint
    const repeats = (constraints ?? [])
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)
    const repeatAt = itemAt.child('{topologyKey, whenUnsatisfiable}')
    return joined(
      positive(itemAt.child('maxSkew'), constraint.maxSkew ?? 0),
      topologyKey === '' ? [required(itemAt.child('topologyKey'), 'can not be empty')] : [],
      oneOf(itemAt.child('whenUnsatisfiable'), whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']),
      repeats ? [duplicate(repeatAt, `{${topologyKey}, ${whenUnsatisfiable}}`)] : [],
      validateMinDomains(itemAt.child('minDomains'), constraint),
      oneOfIfSet(itemAt.child('nodeAffinityPolicy'), constraint.nodeAffinityPolicy, ['Honor', 'Ignore']),
      oneOfIfSet(itemAt.child('nodeTaintsPolicy'), constraint.nodeTaintsPolicy, ['Honor', 'Ignore']),
      validateMatchKeys(itemAt, constraint),
      validateLabelSelector(
        itemAt.child('labelSelector'),
        constraint.labelSelector,
        options.allowInvalidSelectorValues,
      ),
    )
  })
}
