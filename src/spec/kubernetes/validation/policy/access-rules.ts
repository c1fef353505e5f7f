/** Roles and bindings (rbac/validation, v1.36). */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../objects/rbac-v1.generated.ts'
import { each, ifSet, isEmpty, matchesIfSet, oneOf, requiredMatches } from '../checks.ts'
import { invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain, pathSegment } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateLabelSelector } from '../labels.ts'
import { sameValue } from '../same-value.ts'

const rbacGroup = 'rbac.authorization.k8s.io'

function policyRule(at: Path, rule: PolicyRule, isNamespaced: boolean): FieldError[] {
  const urls = rule.nonResourceURLs ?? []
  const urlsAt = at.child('nonResourceURLs')
  const errors = isEmpty(rule.verbs) ? [required(at.child('verbs'), 'verbs must contain at least one value')] : []
  if (urls.length > 0) {
    if (isNamespaced) errors.push(invalid(urlsAt, urls, 'namespaced rules cannot apply to non-resource URLs'))
    const isMixed = !isEmpty(rule.apiGroups) || !isEmpty(rule.resources) || !isEmpty(rule.resourceNames)
    const text = 'rules cannot apply to both regular resources and non-resource URLs'
    return isMixed ? [...errors, invalid(urlsAt, urls, text)] : errors
  }
  if (isEmpty(rule.apiGroups)) {
    errors.push(required(at.child('apiGroups'), 'resource rules must supply at least one api group'))
  }
  if (isEmpty(rule.resources)) {
    errors.push(required(at.child('resources'), 'resource rules must supply at least one resource'))
  }
  return errors
}

/** The rules of roles. */
export const roleRules: AnyKindRules = kindRules<Role>({
  name: pathSegment,
  create: ({ rules }) => each(path('rules'), rules, (rule, at) => policyRule(at, rule, true)),
})

/** The rules of cluster roles. */
export const clusterRoleRules: AnyKindRules = kindRules<ClusterRole>({
  name: pathSegment,
  create: ({ rules, aggregationRule }) => [
    ...each(path('rules'), rules, (rule, at) => policyRule(at, rule, false)),
    ...ifSet(aggregationRule, ({ clusterRoleSelectors }) => {
      const at = path('aggregationRule', 'clusterRoleSelectors')
      const text = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
      const missing = isEmpty(clusterRoleSelectors) ? [required(at, text)] : []
      return [
        ...missing,
        ...each(at, clusterRoleSelectors, (selector, itemAt) => {
          const errors = validateLabelSelector(itemAt, selector)
          return errors.length === 0 ? [] : [...errors, invalid(itemAt, null, 'invalid label selector.')]
        }),
      ]
    }),
  ],
})

function subject(at: Path, value: Subject, isNamespaced: boolean): FieldError[] {
  const group = value.apiGroup ?? ''
  const errors = value.name === '' ? [required(at.child('name'))] : []
  switch (value.kind) {
    case 'ServiceAccount':
      errors.push(...matchesIfSet(at.child('name'), value.name, dnsSubdomain))
      if (group !== '') errors.push(notSupported(at.child('apiGroup'), group, ['']))
      if (!isNamespaced && (value.namespace ?? '') === '') errors.push(required(at.child('namespace')))
      return errors
    case 'User':
    case 'Group':
      return [...errors, ...oneOf(at.child('apiGroup'), group, [rbacGroup])]
    default:
      return [...errors, notSupported(at.child('kind'), value.kind, ['ServiceAccount', 'User', 'Group'])]
  }
}

function binding({ roleRef, subjects }: RoleBinding | ClusterRoleBinding, isNamespaced: boolean): FieldError[] {
  const at = path('roleRef')
  return [
    ...oneOf(at.child('apiGroup'), roleRef?.apiGroup, [rbacGroup]),
    ...oneOf(at.child('kind'), roleRef?.kind, isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']),
    ...requiredMatches(at.child('name'), roleRef?.name, pathSegment),
    ...each(path('subjects'), subjects, (value, itemAt) => subject(itemAt, value, isNamespaced)),
  ]
}

function bindingRules(isNamespaced: boolean): AnyKindRules {
  return kindRules<RoleBinding | ClusterRoleBinding>({
    name: pathSegment,
    create: (object) => binding(object, isNamespaced),
    update: ({ object, old }) => {
      const value = internal('rbac.RoleRef', object.roleRef)
      const isSame = sameValue(object.roleRef, old.roleRef)
      return [
        ...binding(object, isNamespaced),
        ...(isSame ? [] : [invalid(path('roleRef'), value, 'cannot change roleRef')]),
      ]
    },
  })
}

/** The rules of role bindings. */
export const roleBindingRules: AnyKindRules = bindingRules(true)
/** The rules of cluster role bindings. */
export const clusterRoleBindingRules: AnyKindRules = bindingRules(false)
