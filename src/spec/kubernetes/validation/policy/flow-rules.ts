/** Flow schemas and priority levels of API priority and fairness (flowcontrol/validation, v1.36). */
import type {
  FlowSchema,
  LimitedPriorityLevelConfiguration,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  QueuingConfiguration,
  Subject,
} from '../../objects/flowcontrol-v1.generated.ts'
import { each, ifSet, isEmpty, nonNegative, oneOf, requiredMatches, requiredText } from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain } from '../formats.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'

const specPath = path('spec')

function subject(at: Path, value: Subject): FieldError[] {
  switch (value.kind) {
    case 'User':
      return requiredText(at.child('user', 'name'), value.user?.name)
    case 'Group':
      return requiredText(at.child('group', 'name'), value.group?.name)
    case 'ServiceAccount': {
      const accountAt = at.child('serviceAccount')
      const name = value.serviceAccount?.name
      return [
        ...(name === '*' ? [] : requiredMatches(accountAt.child('name'), name, dnsSubdomain)),
        ...requiredText(
          accountAt.child('namespace'),
          value.serviceAccount?.namespace,
          'must specify namespace for service account',
        ),
      ]
    }
    default:
      return [notSupported(at.child('kind'), value.kind, ['Group', 'ServiceAccount', 'User'])]
  }
}

function someOrStar(at: Path, list: readonly string[] | undefined): FieldError[] {
  if (isEmpty(list)) return [required(at)]
  const isMixed = (list ?? []).includes('*') && (list ?? []).length > 1
  return isMixed ? [invalid(at, list, "if '*' is present, must not specify other items")] : []
}

function policyRules(at: Path, rules: PolicyRulesWithSubjects): FieldError[] {
  const subjectsAt = at.child('subjects')
  const isNothing = isEmpty(rules.resourceRules) && isEmpty(rules.nonResourceRules)
  return [
    ...(isEmpty(rules.subjects) ? [required(subjectsAt, 'subjects must contain at least one value')] : []),
    ...each(subjectsAt, rules.subjects, (value, itemAt) => subject(itemAt, value)),
    ...(isNothing ? [required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty')] : []),
    ...each(at.child('resourceRules'), rules.resourceRules, (rule, itemAt) => [
      ...someOrStar(itemAt.child('verbs'), rule.verbs),
      ...someOrStar(itemAt.child('apiGroups'), rule.apiGroups),
      ...someOrStar(itemAt.child('resources'), rule.resources),
      ...(isEmpty(rule.namespaces) && rule.clusterScope !== true
        ? [
            required(
              itemAt.child('namespaces'),
              'resource rules that are not cluster scoped must supply at least one namespace',
            ),
          ]
        : []),
    ]),
    ...each(at.child('nonResourceRules'), rules.nonResourceRules, (rule, itemAt) => [
      ...someOrStar(itemAt.child('verbs'), rule.verbs),
      ...someOrStar(itemAt.child('nonResourceURLs'), rule.nonResourceURLs),
    ]),
  ]
}

function flowSchema({ spec }: FlowSchema): FieldError[] {
  const at = specPath.child('matchingPrecedence')
  const precedence = spec?.matchingPrecedence ?? 0
  const levelAt = specPath.child('priorityLevelConfiguration', 'name')
  const method: string | undefined = spec?.distinguisherMethod?.type
  return [
    ...(precedence <= 0 ? [invalid(at, precedence, 'must be a positive value')] : []),
    ...(precedence > 10000 ? [invalid(at, precedence, 'must not be greater than 10000')] : []),
    ...ifSet(method, (type) => oneOf(specPath.child('distinguisherMethod', 'type'), type, ['ByNamespace', 'ByUser'])),
    ...requiredMatches(levelAt, spec?.priorityLevelConfiguration?.name, dnsSubdomain),
    ...each(specPath.child('rules'), spec?.rules, (rules, itemAt) => policyRules(itemAt, rules)),
  ]
}

/** The rules of flow schemas. */
export const flowSchemaRules: AnyKindRules = kindRules<FlowSchema>({
  name: dnsSubdomain,
  create: flowSchema,
  status: () => [],
})

function limited(at: Path, value: LimitedPriorityLevelConfiguration): FieldError[] {
  const response = value.limitResponse
  const responseAt = at.child('limitResponse')
  const queuing = response?.queuing
  const queuingAt = responseAt.child('queuing')
  const percent = value.borrowingLimitPercent
  const lendable = value.lendablePercent ?? 0
  const errors = nonNegative(at.child('nominalConcurrencyShares'), value.nominalConcurrencyShares)
  if (lendable < 0 || lendable > 100) {
    errors.push(invalid(at.child('lendablePercent'), lendable, 'must be between 0 and 100, inclusive'))
  }
  if (percent !== undefined && percent < 0) {
    errors.push(invalid(at.child('borrowingLimitPercent'), percent, 'if specified, must be a non-negative integer'))
  }
  errors.push(...oneOf(responseAt.child('type'), response?.type, ['Queue', 'Reject']))
  if (response?.type === 'Reject' && queuing !== undefined) {
    errors.push(forbidden(queuingAt, 'must be nil if limited.limitResponse.type is not Limited'))
  }
  if (response?.type !== 'Queue') return errors
  if (queuing === undefined)
    return [...errors, required(queuingAt, 'must not be empty if limitResponse.type is Limited')]
  return [...errors, ...queueErrors(queuingAt, queuing)]
}

function queueErrors(at: Path, queuing: QueuingConfiguration): FieldError[] {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing
  const values = { queues, queueLengthLimit, handSize }
  const errors = Object.entries(values)
    .filter(([, value]) => value <= 0)
    .map(([name, value]) => invalid(at.child(name), value, 'must be positive'))
  if (queues > 10_000_000) errors.push(invalid(at.child('queues'), queues, 'must not be greater than 10000000'))
  if (handSize <= queues) return errors
  return [...errors, invalid(at.child('handSize'), handSize, `should not be greater than queues (${queues})`)]
}

function priorityLevel({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const type: string = spec?.type ?? ''
  const typeAt = specPath.child('type')
  const limitedAt = specPath.child('limited')
  const isExempt = metadata.name === 'exempt'
  if (isExempt !== (type === 'Exempt') && (type === 'Exempt' || type === 'Limited')) {
    const text = "type must be 'Exempt' if and only if name is 'exempt'"
    return [invalid(typeAt, type, text)]
  }
  if (type === 'Exempt') {
    const text = 'must be nil if the type is not Limited'
    return spec?.limited === undefined ? [] : [forbidden(limitedAt, text)]
  }
  if (type !== 'Limited') return [notSupported(typeAt, type, ['Exempt', 'Limited'])]
  if (spec?.exempt !== undefined) return [forbidden(specPath.child('exempt'), 'must be nil if the type is Limited')]
  if (spec?.limited === undefined) return [required(limitedAt, 'must not be empty when type is Limited')]
  return limited(limitedAt, spec.limited)
}

/** The rules of priority levels. */
export const priorityLevelRules: AnyKindRules = kindRules<PriorityLevelConfiguration>({
  name: dnsSubdomain,
  create: priorityLevel,
  status: () => [],
})
