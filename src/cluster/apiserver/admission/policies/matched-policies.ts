/**
 * Which policies and bindings are about a request, and with which parameters (apiserver admission/plugin/policy, v1.36). The
 * same for validating and mutating policies.
 */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { isJsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../../api-object.ts'
import type { ServedResource } from '../../served-resource.ts'
import type { AdmissionRequest } from '../admission.ts'
import { matchedResource, namespaceOf, type SelectorMatcher } from '../match-request.ts'

/** A policy, one of its bindings and one parameter object, for one request. */
export interface PolicyCall {
  readonly policy: ApiObject
  readonly binding: ApiObject
  /** The resource as which the policy sees the request. */
  readonly as: ServedResource
  /** Null for a policy without parameters, or a binding that gives none. */
  readonly params: ApiObject | null
}

/** A policy or binding that cannot be used as it is written. */
export interface PolicyProblem {
  readonly policy: ApiObject
  readonly binding: ApiObject | undefined
  readonly message: string
}

export interface MatchedPolicies {
  readonly calls: readonly PolicyCall[]
  readonly problems: readonly PolicyProblem[]
}

export interface PolicyStorage {
  readonly policies: string
  readonly bindings: string
}

/** Everything that is to be asked about a request, in the order of the policies' and bindings' names. */
export function matchedPolicies(
  request: AdmissionRequest,
  storage: PolicyStorage,
  selectors: SelectorMatcher,
): MatchedPolicies {
  const policies = request.view.list(storage.policies, '')
  const calls: PolicyCall[] = []
  const problems: PolicyProblem[] = []
  if (policies.length === 0) return { calls, problems }
  const bindings = request.view.list(storage.bindings, '')
  for (const policy of policies) {
    const own = bindings.filter((binding) => textAt(binding, 'spec', 'policyName') === policy.metadata.name)
    // A policy without bindings is not in force.
    if (own.length === 0) continue
    const as = attempt(
      () => matches(objectAt(policy, 'spec', 'matchConstraints'), request, selectors),
      (message) => problems.push({ policy, binding: undefined, message: `failed to configure policy: ${message}` }),
    )
    if (as === undefined) continue
    const kind = paramKindOf(policy, request)
    if (typeof kind === 'string') {
      problems.push({ policy, binding: undefined, message: `failed to configure policy: ${kind}` })
      continue
    }
    for (const binding of own) {
      const found = attempt(
        () => bindingParams(binding, request, { selectors, kind }),
        (message) => problems.push({ policy, binding, message: `failed to configure binding: ${message}` }),
      )
      for (const params of found ?? []) calls.push({ policy, binding, as, params })
    }
  }
  return { calls, problems }
}

function attempt<T>(work: () => T, onProblem: (message: string) => void): T | undefined {
  try {
    return work()
  } catch (error) {
    onProblem(messageOf(error))
    return undefined
  }
}

/** The resource as which constraints match a request, or undefined. @throws when a selector or namespace is wrong. */
function matches(
  constraints: JsonObject,
  request: AdmissionRequest,
  selectors: SelectorMatcher,
): ServedResource | undefined {
  const policy = textAt(constraints, 'matchPolicy') || 'Equivalent'
  if (matchingRule(listAt(constraints, 'excludeResourceRules'), request, policy) !== undefined) return undefined
  const rules = listAt(constraints, 'resourceRules')
  const as = rules.length === 0 ? request.resource : matchingRule(rules, request, policy)
  if (as === undefined) return undefined
  if (!selectors.matchesObject(constraints['objectSelector'], request)) return undefined
  return selectors.matchesNamespace(constraints['namespaceSelector'], request) ? as : undefined
}

function matchingRule(
  rules: readonly JsonObject[],
  request: AdmissionRequest,
  policy: string,
): ServedResource | undefined {
  const named = rules.filter(({ resourceNames }) => {
    const names = Array.isArray(resourceNames) ? (resourceNames as readonly unknown[]) : []
    return names.length === 0 || names.includes(request.name)
  })
  return matchedResource(named, request, policy)
}

/** The resource of a policy's parameters; undefined when it has none, or a sentence about a kind that is not served. */
function paramKindOf(policy: ApiObject, { view }: AdmissionRequest): ServedResource | undefined | string {
  const kind = objectAt(policy, 'spec')['paramKind']
  if (!isJsonObject(kind)) return undefined
  const apiVersion = textAt(kind, 'apiVersion')
  const name = textAt(kind, 'kind')
  const shown = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
  return (
    view.resources.findKind(apiVersion, name) ??
    `failed to find resource referenced by paramKind: '${shown}, Kind=${name}'`
  )
}

interface BindingContext {
  readonly selectors: SelectorMatcher
  readonly kind: ServedResource | undefined
}

/** The parameters with which a binding applies to a request; undefined when it does not. @throws Error */
function bindingParams(
  binding: ApiObject,
  request: AdmissionRequest,
  { selectors, kind }: BindingContext,
): readonly (ApiObject | null)[] | undefined {
  const spec = objectAt(binding, 'spec')
  const constraints = spec['matchResources']
  if (isJsonObject(constraints) && matches(constraints, request, selectors) === undefined) return undefined
  const reference = spec['paramRef']
  if (kind === undefined || !isJsonObject(reference)) return [null]
  return paramsOf(reference, request, { selectors, kind })
}

function paramsOf(
  reference: JsonObject,
  request: AdmissionRequest,
  { selectors, kind }: { readonly selectors: SelectorMatcher; readonly kind: ServedResource },
): readonly ApiObject[] {
  const { view } = request
  const name = textAt(reference, 'name')
  const namespace = paramsNamespace(textAt(reference, 'namespace'), request, kind)
  const { selector } = reference
  if (name === '' && selector === undefined) throw new Error('one of name or selector must be provided')
  if (name !== '' && selector !== undefined) {
    throw new Error('paramRef.name and paramRef.selector are mutually exclusive')
  }
  const stored =
    name === ''
      ? view.list(kind.storage, namespace).filter(({ metadata }) => selectors.matches(selector, metadata.labels))
      : [view.find(kind.storage, namespace, name)].filter((one) => one !== undefined)
  if (stored.length === 0 && reference['parameterNotFoundAction'] === 'Deny') {
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  }
  return stored.map((one) => kind.conversion?.fromStored(one) ?? one)
}

function paramsNamespace(said: string, request: AdmissionRequest, kind: ServedResource): string {
  if (!kind.namespaced) {
    if (said !== '') throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
    return ''
  }
  const namespace = said === '' ? namespaceOf(request) : said
  if (namespace === '') {
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  }
  return namespace
}
