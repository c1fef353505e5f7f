/** MutatingAdmissionPolicy: policies of expressions that change objects. */
import { LruCache } from '#base/data/lru-cache.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { type ApiObject, equalJson } from '../../api-object.ts'
import { recanonical } from '../../wire/decode-body.ts'
import { DecisionsAhead } from '../../authorization/decide-ahead.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { AdmissionRequest, AdmissionStep, ObjectKind } from '../admission.ts'
import { meetsConditions } from '../expressions/match-conditions.ts'
import { requestVariables } from '../expressions/request-variables.ts'
import { convertAhead, convertRequestAhead, inVersion, isAdmissible, SelectorMatcher } from '../match-request.ts'
import type { MutationDeps } from '../mutation-deps.ts'
import { matchedPolicies, type PolicyCall, type PolicyProblem } from './matched-policies.ts'
import { compileMutatingPolicy, mutatedTree, type MutatingPolicy, MutationFailure } from './mutating-policy.ts'
import { policyRefusal } from './policy-refusal.ts'
import { variableValues } from './policy-variables.ts'
import { Budget } from '../expressions/run-expression.ts'
import { matchConditionsBudget } from '#spec/kubernetes/cel/cel-limits.ts'

const name = 'MutatingAdmissionPolicy'
const group = 'admissionregistration.k8s.io'
const storage = {
  policies: `${group}/mutatingadmissionpolicies`,
  bindings: `${group}/mutatingadmissionpolicybindings`,
}
const policiesMax = 512

/** The step of a server. */
export function mutatingPolicies(deps: MutationDeps): AdmissionStep {
  const selectors = new SelectorMatcher()
  const compiled = new LruCache<string, MutatingPolicy>({ capacity: policiesMax })
  const compile = (policy: ApiObject): MutatingPolicy => {
    const key = `${policy.metadata.uid ?? ''}/${policy.metadata.generation ?? policy.metadata.resourceVersion ?? ''}`
    let found = compiled.get(key)
    if (found === undefined) compiled.set(key, (found = compileMutatingPolicy(policy)))
    return found
  }
  return {
    name,
    applies: isAdmissible,
    mutate: (request, object) => {
      const { calls, problems } = matchedPolicies({ ...request, object }, storage, selectors)
      if (calls.length === 0 && problems.length === 0) return object
      return runCalls({ ...request, object }, { calls, problems, compile, deps })
    },
  }
}

interface Running {
  readonly calls: readonly PolicyCall[]
  readonly problems: readonly PolicyProblem[]
  readonly compile: (policy: ApiObject) => MutatingPolicy
  readonly deps: MutationDeps
}

async function runCalls(request: AdmissionRequest, { calls, problems, compile, deps }: Running): Promise<ApiObject> {
  const { rounds } = request
  const state = rounds.stateOf(name)
  if (rounds.isSecond && !equalJson(state.last, request.object)) state.changed()
  const failures = [...problems]
  let object = request.object as ApiObject
  let isMade = false
  for (const call of calls) {
    const id = callId(call)
    if (rounds.isSecond && !state.isAskedAgain(id)) continue
    const policy = compile(call.policy)
    // Each policy sees what the one before it did.
    const next = await runCall({ ...request, object }, { call, policy, deps, failures })
    if (next !== undefined) isMade = true
    if (next !== undefined && !equalJson(next, object)) {
      state.changed()
      object = next
    }
    if (policy.mayRepeat) state.addSeen(id)
  }
  // Whoever made something of the object, be it the same, has all of them asked once more: the last of them as well.
  if (isMade) {
    state.changed()
    rounds.wanted = true
  }
  state.last = object
  refuse(request, failures)
  return object
}

function callId({ policy, binding, params }: PolicyCall): string {
  const about = params === null ? '' : `${params.metadata.namespace ?? ''}/${params.metadata.name ?? ''}`
  return `${policy.metadata.name ?? ''} ${binding.metadata.name ?? ''} ${about}`
}

interface RunningCall {
  readonly call: PolicyCall
  readonly policy: MutatingPolicy
  readonly deps: MutationDeps
  readonly failures: PolicyProblem[]
}

/** The object after all mutations of one policy, undefined when none was made; those that fail are noted. */
async function runCall(
  request: AdmissionRequest,
  { call, policy, deps, failures }: RunningCall,
): Promise<ApiObject | undefined> {
  const { as, params } = call
  await convertRequestAhead(request, as)
  const { signal } = request
  const decisions = new DecisionsAhead(deps.authorizer)
  const variables = { ...requestVariables(request, as, decisions), params }
  const fail = (message: string): void => void failures.push({ policy: call.policy, binding: call.binding, message })
  const meets = await decisions.evaluate(() => {
    const own = variableValues(policy.variables, variables, { budget: new Budget(matchConditionsBudget), signal })
    const { failurePolicy } = policy
    return meetsConditions(policy.conditions, { ...variables, variables: own }, { failurePolicy, signal })
  })
  if (typeof meets !== 'boolean') fail(meets.error)
  if (meets !== true) return undefined
  let object = request.object as ApiObject
  let isMade = false
  for (const mutation of policy.mutations) {
    try {
      await convertAhead(object, request.resource, as)
      const shown = inVersion(object, request.resource, as)
      const about = { mutation, variables: policy.variables, request: variables, object: shown, as, signal }
      const tree = await decisions.evaluate(() => mutatedTree(about))
      // Each mutation sees what the one before it did.
      object = await rebuilt(request, tree, { as, deps })
      isMade = true
    } catch (error) {
      if (!(error instanceof MutationFailure)) throw error
      fail(error.message)
    }
  }
  return isMade ? object : undefined
}

/** The object of a tree, with its defaults and in the request's version. */
async function rebuilt(
  { own, resource }: AdmissionRequest,
  tree: JsonObject,
  { as, deps }: { readonly as: PolicyCall['as']; readonly deps: MutationDeps },
): Promise<ApiObject> {
  const object = canonical(tree, own ?? as)
  if (own !== undefined) return object
  const whole = deps.withDefaults(as, object)
  await convertAhead(whole, as, resource)
  return inVersion(whole, as, resource)
}

function canonical(tree: JsonObject, as: PolicyCall['as'] | ObjectKind): ApiObject {
  try {
    return recanonical(tree, as, { wording: 'tree' }).object
  } catch (error) {
    throw new MutationFailure(`error applying patch: ${messageOf(error)}`, { cause: error })
  }
}

function refuse(request: AdmissionRequest, failures: readonly PolicyProblem[]): void {
  const counted = failures.filter(
    ({ policy }) => (policy['spec'] as { readonly failurePolicy?: string }).failurePolicy !== 'Ignore',
  )
  if (counted.length === 0) return
  const messages = counted.map(({ policy, binding, message }) => {
    const policyName = policy.metadata.name ?? ''
    if (binding === undefined) return `policy ${JSON.stringify(policyName)} denied request: ${message}`
    return `policy '${policyName}' with binding '${binding.metadata.name}' denied request: ${message}`
  })
  throw policyRefusal(request, messages, { reason: 'Invalid', code: 403, wholeMessage: messages[0] ?? '' })
}
