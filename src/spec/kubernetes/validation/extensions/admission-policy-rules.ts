/** Admission policies and their bindings, validating and mutating (admissionregistration/validation, v1.36). */
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '../../objects/admissionregistration-v1.generated.ts'
import { admissionEnvironment, type ExpressionScope } from '../../cel/admission/admission-environment.ts'
import { compileVariables } from '../../cel/admission/compile-variables.ts'
import { applyObjectType, findMutationType, jsonPatchListType } from '../../cel/admission/mutation-types.ts'
import { boolType, nullType, stringType, type CelType } from '../../cel/cel-type.ts'
import type { CelEnvironment } from '../../cel/environment.ts'
import {
  each,
  ifSet,
  isEmpty,
  matches,
  oneOfIfSet,
  requiredMatches,
  requiredOneOf,
  requiredText,
  oneOf,
} from '../checks.ts'
import { duplicate, forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { cIdentifier, dns1035Label, dnsSubdomain, pathSegment, qualifiedName } from '../formats.ts'
import { validateConditions } from '../conditions.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateLabelSelector } from '../labels.ts'
import { expressionErrors, validateMatchConditions, validateRule } from './webhook-rules.ts'

const specPath = path('spec')

/** What the expressions of one policy may use. */
interface PolicyScope {
  readonly scope: ExpressionScope
  readonly environment: CelEnvironment
}

function scopeOf(spec: PolicySpec | undefined, isMutating: boolean): PolicyScope {
  const scope: ExpressionScope = {
    hasParams: spec?.paramKind !== undefined,
    hasAuthorizer: true,
    ...(isMutating ? { findType: findMutationType } : {}),
  }
  const { types } = compileVariables(spec?.variables ?? [], scope)
  // Without any variable the name itself is unknown.
  const whole = types.size === 0 ? scope : { ...scope, variables: types }
  return { scope: whole, environment: admissionEnvironment(whole) }
}

type Wanted = Parameters<typeof expressionErrors>[2]

function expression(at: Path, text: string, wanted: Wanted & { readonly missing?: string }): FieldError[] {
  const { missing = 'expression is not specified', ...rest } = wanted
  return text.trim() === '' ? [required(at, missing)] : expressionErrors(at, text, rest)
}

function kindProblems(at: Path, kind: string): FieldError[] {
  const problems = kind === '' ? [] : dns1035Label(kind.toLowerCase())
  if (problems.length === 0) return []
  return [invalid(at, kind, `may have mixed case, but should otherwise match: ${problems.join(',')}`)]
}

function versionErrors(at: Path, text: string): FieldError[] {
  if (text === '') return [required(at)]
  const [version = '', group = '', ...more] = text.split('/').reverse()
  if (more.length > 0) return [invalid(at, text, `unexpected GroupVersion string: ${text}`)]
  const groupProblems = group === '' ? [] : dnsSubdomain(group)
  const versionProblems = version === '' ? ['version must be specified'] : dns1035Label(version)
  return [
    ...(groupProblems.length === 0 ? [] : [invalid(at, group, groupProblems.join(','))]),
    ...(versionProblems.length === 0 ? [] : [invalid(at, version === '' ? text : version, versionProblems.join(','))]),
  ]
}

function paramKind(at: Path, kind: ParamKind): FieldError[] {
  return [
    ...versionErrors(at.child('apiVersion'), kind.apiVersion ?? ''),
    ...requiredText(at.child('kind'), kind.kind),
    ...kindProblems(at.child('kind'), kind.kind ?? ''),
  ]
}

function matchResources(at: Path, resources: MatchResources): FieldError[] {
  const rules = (member: 'resourceRules' | 'excludeResourceRules'): FieldError[] =>
    each(at.child(member), resources[member], (rule, itemAt) => {
      const seen = new Set<string>()
      const names = each(itemAt.child('resourceNames'), rule.resourceNames, (name, nameAt) => {
        const repeated = seen.has(name) ? [duplicate(nameAt, name)] : []
        seen.add(name)
        return [...matches(nameAt, name, pathSegment), ...repeated]
      })
      return [...validateRule(itemAt, rule), ...names]
    })
  const selector = (member: 'namespaceSelector' | 'objectSelector'): FieldError[] =>
    resources[member] === undefined
      ? [required(at.child(member))]
      : validateLabelSelector(at.child(member), resources[member])
  return [
    ...requiredOneOf(at.child('matchPolicy'), resources.matchPolicy, ['Equivalent', 'Exact']),
    ...selector('namespaceSelector'),
    ...selector('objectSelector'),
    ...rules('resourceRules'),
    ...rules('excludeResourceRules'),
  ]
}

interface PolicySpec {
  readonly failurePolicy?: string
  readonly paramKind?: ParamKind
  readonly matchConstraints?: MatchResources
  readonly matchConditions?: Parameters<typeof validateMatchConditions>[1]
  readonly variables?: readonly Variable[]
}

// What the language keeps for itself names nothing.
const reservedWords: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var ' +
    'void while'
  ).split(' '),
)

function variables(list: readonly Variable[] | undefined, { scope }: PolicyScope): FieldError[] {
  const before = new Map<string, CelType>()
  return each(specPath.child('variables'), list, ({ name, expression: text }, at) => {
    const isName = cIdentifier(name).length === 0 && !reservedWords.has(name)
    const wrong = isName ? [] : [invalid(at.child('name'), name, 'must be a valid CEL identifier')]
    const named = name.trim() === '' ? [required(at.child('name'), 'name is not specified')] : wrong
    // A variable sees those before it only.
    const environment = admissionEnvironment({ ...scope, variables: new Map(before) })
    before.set(name, scope.variables?.get(name) ?? { kind: 'dyn' })
    return [...named, ...expression(at.child('expression'), text, { environment })]
  })
}

/** What both sorts of policies have in common. */
function policy(spec: PolicySpec | undefined, scope: PolicyScope): FieldError[] {
  const at = specPath.child('matchConstraints')
  const constraints = spec?.matchConstraints
  const noRules = constraints !== undefined && isEmpty(constraints.resourceRules)
  return [
    ...requiredOneOf(specPath.child('failurePolicy'), spec?.failurePolicy, ['Fail', 'Ignore']),
    ...ifSet(spec?.paramKind, (kind) => paramKind(specPath.child('paramKind'), kind)),
    ...(constraints === undefined ? [required(at)] : matchResources(at, constraints)),
    ...(noRules ? [required(at.child('resourceRules'))] : []),
    ...validateMatchConditions(specPath.child('matchConditions'), spec?.matchConditions, scope.environment),
    ...variables(spec?.variables, scope),
  ]
}

function messageText(at: Path, text: string): FieldError[] {
  if (text === '') return []
  if (text.trim() === '') return [invalid(at, text, 'must be non-empty if specified')]
  return /[\n\r]/.test(text.trim()) ? [invalid(at, text, 'must not contain line breaks')] : []
}

function validation(at: Path, value: Validation, { scope, environment }: PolicyScope): FieldError[] {
  const message = value.messageExpression ?? ''
  const messageAt = at.child('messageExpression')
  const isBlank = message !== '' && message.trim() === ''
  const forMessages = admissionEnvironment({ ...scope, hasAuthorizer: false })
  const checked =
    message === '' ? [] : expressionErrors(messageAt, message, { environment: forMessages, result: [stringType] })
  return [
    ...expression(at.child('expression'), value.expression, { environment, result: [boolType] }),
    ...(isBlank ? [invalid(messageAt, message, 'must be non-empty if specified')] : checked),
    ...messageText(at.child('message'), value.message ?? ''),
    ...oneOfIfSet(at.child('reason'), value.reason, ['Forbidden', 'Invalid', 'RequestEntityTooLarge']),
  ]
}

/** The annotation is named after the policy and the key. */
function annotationKey(at: Path, policyName: string | undefined, key: string): FieldError[] {
  if ((policyName ?? '') === '') return [invalid(at, key, 'requires metadata.name be non-empty')]
  return matches(at, `${policyName}/${key}`, qualifiedName)
}

/** The rules of validating policies. */
export const validatingPolicyRules: AnyKindRules = kindRules<ValidatingAdmissionPolicy>({
  name: dnsSubdomain,
  create: ({ metadata, spec }) => {
    const scope = scopeOf(spec, false)
    const { environment } = scope
    const isNothing = isEmpty(spec?.validations) && isEmpty(spec?.auditAnnotations)
    const text = 'validations or auditAnnotations must contain at least one item'
    const seen = new Set<string>()
    return [
      ...policy(spec, scope),
      ...(isNothing ? ['validations', 'auditAnnotations'].map((name) => required(specPath.child(name), text)) : []),
      ...each(specPath.child('validations'), spec?.validations, (value, at) => validation(at, value, scope)),
      ...each(specPath.child('auditAnnotations'), spec?.auditAnnotations, ({ key, valueExpression }, at) => {
        const repeated = seen.has(key) ? [duplicate(at.child('key'), key)] : []
        seen.add(key)
        const valueAt = at.child('valueExpression')
        const isMissing = valueExpression.trim() === ''
        const value = isMissing
          ? [required(valueAt, 'valueExpression is not specified')]
          : expressionErrors(valueAt, valueExpression, { environment, result: [stringType, nullType] })
        return [...annotationKey(at.child('key'), metadata.name, key), ...value, ...repeated]
      }),
    ]
  },
  status: ({ object: { status } }) => [
    ...each(
      path('status', 'typeChecking', 'expressionWarnings'),
      status?.typeChecking?.expressionWarnings,
      (one, at) => [
        ...requiredText(at.child('warning'), one.warning),
        ...requiredText(at.child('fieldRef'), one.fieldRef.trim()),
      ],
    ),
    ...validateConditions(path('status', 'conditions'), status?.conditions),
  ],
})

function mutation(at: Path, value: Mutation, { environment }: PolicyScope): FieldError[] {
  const parts = { JSONPatch: 'jsonPatch', ApplyConfiguration: 'applyConfiguration' } as const
  const type = value.patchType
  const errors = requiredOneOf(at.child('patchType'), type, ['ApplyConfiguration', 'JSONPatch'])
  if (errors.length > 0) return errors
  const wanted = parts[type]
  const other = wanted === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch'
  const found = value[wanted]
  const text = `must be specified when patchType is ${type}`
  const isExtra = value[other] !== undefined
  const extraText = `must not be specified when patchType is ${type}`
  return [
    ...(found === undefined
      ? [required(at.child(wanted), text)]
      : expression(at.child(wanted, 'expression'), (found.expression ?? '').trim(), {
          missing: '',
          environment,
          result: [wanted === 'jsonPatch' ? jsonPatchListType : applyObjectType],
        })),
    ...(isExtra ? [invalid(at.child(other), `{${other}}`, extraText)] : []),
  ]
}

const mutable = ['*', 'CONNECT', 'CREATE', 'UPDATE']

/** What is deleted cannot be changed. */
function mutableOperations(constraints: MatchResources | undefined): FieldError[] {
  const at = specPath.child('matchConstraints', 'resourceRules', 'operations')
  const operations = (constraints?.resourceRules ?? []).flatMap((rule) => rule.operations ?? [])
  return operations.flatMap((operation) => oneOf(at, operation, mutable))
}

/** The rules of mutating policies. */
export const mutatingPolicyRules: AnyKindRules = kindRules<MutatingAdmissionPolicy>({
  name: dnsSubdomain,
  create: ({ spec }) => {
    const at = specPath.child('mutations')
    const scope = scopeOf(spec, true)
    return [
      ...policy(spec, scope),
      ...mutableOperations(spec?.matchConstraints),
      ...(isEmpty(spec?.mutations) ? [required(at, 'mutations must contain at least one item')] : []),
      ...each(at, spec?.mutations, (value, itemAt) => mutation(itemAt, value, scope)),
      ...requiredOneOf(specPath.child('reinvocationPolicy'), spec?.reinvocationPolicy, ['IfNeeded', 'Never']),
    ]
  },
})

function paramRef(at: Path, ref: ParamRef): FieldError[] {
  const name = ref.name ?? ''
  const text = 'name and selector are mutually exclusive'
  const isBoth = name !== '' && ref.selector !== undefined
  const isNone = name === '' && ref.selector === undefined
  return [
    ...(name === '' ? [] : matches(at.child('name'), name, pathSegment)),
    ...(isBoth ? [forbidden(at.child('name'), text), forbidden(at.child('selector'), text)] : []),
    ...validateLabelSelector(at.child('selector'), ref.selector),
    ...(isNone ? [required(at, 'one of name or selector must be specified')] : []),
    ...requiredOneOf(at.child('parameterNotFoundAction'), ref.parameterNotFoundAction, ['Deny', 'Allow']),
  ]
}

function binding({ spec }: ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding): FieldError[] {
  return [
    ...requiredMatches(specPath.child('policyName'), spec?.policyName, dnsSubdomain),
    ...ifSet(spec?.paramRef, (ref) => paramRef(specPath.child('paramRef'), ref)),
    ...ifSet(spec?.matchResources, (resources) => matchResources(specPath.child('matchResources'), resources)),
  ]
}

function actions(list: readonly string[]): FieldError[] {
  const at = specPath.child('validationActions')
  const seen = new Set<string>()
  const errors = each(at, list, (action, itemAt) => {
    const repeated = seen.has(action) ? [duplicate(itemAt, action)] : []
    seen.add(action)
    return [...oneOf(itemAt, action, ['Audit', 'Deny', 'Warn']), ...repeated]
  })
  if (list.length === 0) return [required(at, 'at least one validation action is required')]
  if (!seen.has('Deny') || !seen.has('Warn')) return errors
  const text =
    'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
  return [...errors, invalid(at, list, text)]
}

/** The rules of bindings of validating policies. */
export const validatingBindingRules: AnyKindRules = kindRules<ValidatingAdmissionPolicyBinding>({
  name: dnsSubdomain,
  create: (object) => [...binding(object), ...actions(object.spec?.validationActions ?? [])],
})

/** The rules of bindings of mutating policies. */
export const mutatingBindingRules: AnyKindRules = kindRules<MutatingAdmissionPolicyBinding>({
  name: dnsSubdomain,
  create: binding,
})
