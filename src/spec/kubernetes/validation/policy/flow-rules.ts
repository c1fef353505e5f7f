/** Flow schemas of API priority and fairness (flowcontrol/validation, v1.36). */
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../objects/flowcontrol-v1.generated.ts'
import { each, isEmpty, matches, requiredMatches, requiredText } from '../checks.ts'
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'

const specPath = path('spec')

function namedSubject(at: Path, member: 'user' | 'group', { kind, ...subject }: Subject): FieldError[] {
  const named = subject[member]
  if (named === undefined) return [required(at.child(member), `${member} is required when subject kind is '${kind}'`)]
  return requiredText(at.child(member, 'name'), named.name)
}

function accountSubject(at: Path, { serviceAccount }: Subject): FieldError[] {
  const accountAt = at.child('serviceAccount')
  if (serviceAccount === undefined)
    return [required(accountAt, "serviceAccount is required when subject kind is 'ServiceAccount'")]
  const { name, namespace } = serviceAccount
  return [
    ...(name === '*' ? [] : requiredMatches(accountAt.child('name'), name, dnsSubdomain)),
    ...(namespace === ''
      ? [required(accountAt.child('namespace'), 'must specify namespace for service account')]
      : matches(accountAt.child('namespace'), namespace, dnsLabel)),
  ]
}

const memberOfKind = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const

function subjectOfKind(at: Path, subject: Subject): FieldError[] {
  switch (subject.kind) {
    case 'User':
      return namedSubject(at, 'user', subject)
    case 'Group':
      return namedSubject(at, 'group', subject)
    default:
      return accountSubject(at, subject)
  }
}

function subject(at: Path, value: Subject): FieldError[] {
  if (!Object.hasOwn(memberOfKind, value.kind))
    return [notSupported(at.child('kind'), value.kind, ['Group', 'ServiceAccount', 'User'])]
  const others = Object.entries(memberOfKind).filter(([kind, member]) => kind !== value.kind && value[member])
  return [
    ...subjectOfKind(at, value),
    ...others.map(([kind, member]) =>
      forbidden(at.child(member), `${member} is forbidden when subject kind is not '${kind}'`),
    ),
  ]
}

interface ListWords {
  readonly missing: string
  /** What there may be no other of beside `*`. */
  readonly others: string
  readonly check?: (at: Path, list: readonly string[]) => FieldError[]
}

/** A list with something in it: `*` alone, or whatever else it may hold. */
function starOrList(
  at: Path,
  list: readonly string[] | undefined,
  { missing, others, check }: ListWords,
): FieldError[] {
  if (list === undefined || list.length === 0) return [required(at, missing)]
  if (!list.includes('*')) return check?.(at, list) ?? []
  return list.length > 1 ? [invalid(at, list, `if '*' is present, must not specify other ${others}`)] : []
}

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

function verbList(at: Path, list: readonly string[] | undefined): FieldError[] {
  return starOrList(at, list, {
    missing: 'verbs must contain at least one value',
    others: 'verbs',
    check: (listAt, values) =>
      values.every((verb) => verbs.includes(verb)) ? [] : [notSupported(listAt, values, verbs)],
  })
}

function namespaces(at: Path, list: readonly string[]): FieldError[] {
  const text = "each member of this list must be '*' or a DNS-1123 label; "
  return each(at, list, (name, itemAt) => dnsLabel(name).map((problem) => invalid(itemAt, name, text + problem)))
}

function resourceRule(at: Path, rule: ResourcePolicyRule): FieldError[] {
  const isUnscoped = isEmpty(rule.namespaces) && rule.clusterScope === true
  return [
    ...verbList(at.child('verbs'), rule.verbs),
    ...starOrList(at.child('apiGroups'), rule.apiGroups, {
      missing: 'resource rules must supply at least one api group',
      others: 'api groups',
    }),
    ...starOrList(at.child('resources'), rule.resources, {
      missing: 'resource rules must supply at least one resource',
      others: 'resources',
    }),
    ...(isUnscoped
      ? []
      : starOrList(at.child('namespaces'), rule.namespaces, {
          missing: 'resource rules that are not cluster scoped must supply at least one namespace',
          others: 'namespaces',
          check: namespaces,
        })),
  ]
}

function urlPath(at: Path, url: string): FieldError[] {
  if (url === '') return [invalid(at, url, 'must not be empty')]
  if (url === '/') return []
  if (!url.startsWith('/')) return [invalid(at, url, 'must start with slash')]
  if (url.includes(' ')) return [invalid(at, url, 'must not contain white-space')]
  if (url.includes('//')) return [invalid(at, url, 'must not contain double slash')]
  const stars = url.split('*').length - 1
  const isSuffix = stars === 0 || (stars === 1 && url.endsWith('/*'))
  return isSuffix ? [] : [invalid(at, url, 'wildcard can only do suffix matching')]
}

function pathRule(at: Path, rule: NonResourcePolicyRule): FieldError[] {
  return [
    ...verbList(at.child('verbs'), rule.verbs),
    ...starOrList(at.child('nonResourceURLs'), rule.nonResourceURLs, {
      missing: 'nonResourceURLs must contain at least one value',
      others: 'non-resource URLs',
      check: (listAt, list) => each(listAt, list, (url, itemAt) => urlPath(itemAt, url)),
    }),
  ]
}

function policyRules(at: Path, rules: PolicyRulesWithSubjects): FieldError[] {
  const subjectsAt = at.child('subjects')
  const isNothing = isEmpty(rules.resourceRules) && isEmpty(rules.nonResourceRules)
  return [
    ...(isEmpty(rules.subjects) ? [required(subjectsAt, 'subjects must contain at least one value')] : []),
    ...each(subjectsAt, rules.subjects, (value, itemAt) => subject(itemAt, value)),
    ...(isNothing ? [required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty')] : []),
    ...each(at.child('resourceRules'), rules.resourceRules, (rule, itemAt) => resourceRule(itemAt, rule)),
    ...each(at.child('nonResourceRules'), rules.nonResourceRules, (rule, itemAt) => pathRule(itemAt, rule)),
  ]
}

const methods = ['ByNamespace', 'ByUser']

function distinguisher(at: Path, method: NonNullable<FlowSchema['spec']>['distinguisherMethod']): FieldError[] {
  if (method === undefined || methods.includes(method.type)) return []
  return [notSupported(at.child('type'), internal('flowcontrol.FlowDistinguisherMethod', method), methods)]
}

function precedence(at: Path, value: number, name: string): FieldError[] {
  if (value <= 0) return [invalid(at, value, 'must be a positive value')]
  if (value > 10000) return [invalid(at, value, 'must not be greater than 10000')]
  if (value !== 1 || name === 'exempt') return []
  return [invalid(at, value, "only the schema named 'exempt' may have matchingPrecedence 1")]
}

function flowSchema({ metadata, spec }: FlowSchema): FieldError[] {
  const levelAt = specPath.child('priorityLevelConfiguration', 'name')
  const level = spec?.priorityLevelConfiguration?.name ?? ''
  return [
    ...precedence(specPath.child('matchingPrecedence'), spec?.matchingPrecedence ?? 0, metadata.name),
    ...distinguisher(specPath.child('distinguisherMethod'), spec?.distinguisherMethod),
    ...(level === '' ? [required(levelAt, 'must reference a priority level')] : matches(levelAt, level, dnsSubdomain)),
    ...each(specPath.child('rules'), spec?.rules, (rules, itemAt) => policyRules(itemAt, rules)),
  ]
}

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type?: string }[] }
}

/** Conditions of flow schemas and priority levels: named, each type once. */
export function flowConditions({ status }: Conditioned): FieldError[] {
  const seen = new Set<string>()
  return each(path('status', 'conditions'), status?.conditions, ({ type = '' }, at) => {
    const repeated = seen.has(type) ? [duplicate(at.child('type'), type)] : []
    seen.add(type)
    return [...repeated, ...requiredText(at.child('type'), type)]
  })
}

/** The rules of flow schemas. */
export const flowSchemaRules: AnyKindRules = kindRules<FlowSchema>({
  name: dnsSubdomain,
  create: flowSchema,
  status: ({ object }) => flowConditions(object),
})
