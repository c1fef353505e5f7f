/** ValidatingAdmissionPolicy: policies of expressions that refuse, warn about or note requests. */
import { LruCache } from '#base/data/lru-cache.ts'
import { type ApiObject, objectAt, textAt } from '../../api-object.ts'
import type { Authorizer } from '../../authorization/access.ts'
import { DecisionsAhead } from '../../authorization/decide-ahead.ts'
import type { AdmissionRequest, AdmissionStep } from '../admission.ts'
import { requestVariables } from '../expressions/request-variables.ts'
import { convertRequestAhead, isAdmissible, SelectorMatcher } from '../match-request.ts'
import { type MatchedPolicies, matchedPolicies, type PolicyCall } from './matched-policies.ts'
import { policyRefusal } from './policy-refusal.ts'
import {
  compileValidatingPolicy,
  validatingVerdict,
  type PolicyDenial,
  type ValidatingPolicy,
} from './validating-policy.ts'

const group = 'admissionregistration.k8s.io'
const storage = {
  policies: `${group}/validatingadmissionpolicies`,
  bindings: `${group}/validatingadmissionpolicybindings`,
}
const policiesMax = 512
const annotationLengthMax = 10 * 1024

interface Denied {
  readonly text: string
  readonly reason: string
}

/** The step of a server. */
export function validatingPolicies(authorizer: Authorizer): AdmissionStep {
  const selectors = new SelectorMatcher()
  const compiled = new LruCache<string, ValidatingPolicy>({ capacity: policiesMax })
  const compile = (policy: ApiObject): ValidatingPolicy => {
    const key = `${policy.metadata.uid ?? ''}/${policy.metadata.generation ?? policy.metadata.resourceVersion ?? ''}`
    let found = compiled.get(key)
    if (found === undefined) compiled.set(key, (found = compileValidatingPolicy(policy)))
    return found
  }
  return {
    name: 'ValidatingAdmissionPolicy',
    applies: isAdmissible,
    // Without policies nothing is waited for.
    validate: (request) => {
      const matched = matchedPolicies(request, storage, selectors)
      return matched.calls.length === 0 && matched.problems.length === 0
        ? undefined
        : decideAll(request, { ...matched, compile, authorizer })
    },
  }
}

interface DecidingAll extends MatchedPolicies {
  readonly compile: (policy: ApiObject) => ValidatingPolicy
  readonly authorizer: Authorizer
}

async function decideAll(
  request: AdmissionRequest,
  { calls, problems, compile, authorizer }: DecidingAll,
): Promise<void> {
  for (const { as } of calls) await convertRequestAhead(request, as)
  const denied: Denied[] = []
  const notes = new Notes()
  for (const { policy, binding, message } of problems) {
    const isIgnored = textAt(policy, 'spec', 'failurePolicy') === 'Ignore'
    if (!isIgnored) denied.push({ text: sentence(policy, binding, message), reason: '' })
  }
  for (const call of calls)
    denied.push(...(await decide(request, call, { policy: compile(call.policy), authorizer, notes })))
  notes.publish(request)
  const [first] = denied
  if (first !== undefined) throw policyRefusal(request, [first.text], { reason: first.reason || 'Invalid' })
}

function sentence(policy: ApiObject, binding: ApiObject | undefined, message: string): string {
  const by = binding === undefined ? '' : ` with binding '${binding.metadata.name}'`
  return `ValidatingAdmissionPolicy '${policy.metadata.name}'${by} denied request: ${message}`
}

interface Deciding {
  readonly policy: ValidatingPolicy
  readonly authorizer: Authorizer
  readonly notes: Notes
}

/** What one policy, binding and parameter say against a request, after warnings and notes were given. */
async function decide(
  request: AdmissionRequest,
  call: PolicyCall,
  { policy, authorizer, notes }: Deciding,
): Promise<readonly Denied[]> {
  const decisions = new DecisionsAhead(authorizer)
  const variables = { ...requestVariables(request, call.as, decisions), params: call.params }
  const verdict = await decisions.evaluate(() => validatingVerdict(policy, variables, request.signal))
  for (const [key, value] of verdict.annotations) notes.add(`${call.policy.metadata.name}/${key}`, value)
  const denied: Denied[] = []
  for (const denial of verdict.denials) {
    if (act(request, call, denial)) {
      denied.push({ text: sentence(call.policy, call.binding, denial.message), reason: denial.reason })
    }
  }
  const errors = verdict.annotationErrors.map((message) => ({
    text: sentence(call.policy, call.binding, message),
    reason: '',
  }))
  return [...denied, ...errors]
}

/** Does what a binding asks for when a validation fails; true when the request is to be refused. */
function act(request: AdmissionRequest, { policy, binding }: PolicyCall, { message, index }: PolicyDenial): boolean {
  const actions = objectAt(binding, 'spec')['validationActions']
  const names = Array.isArray(actions) ? (actions as readonly string[]) : []
  const policyName = policy.metadata.name ?? ''
  const bindingName = binding.metadata.name ?? ''
  if (names.includes('Audit')) {
    const failure = {
      message,
      policy: policyName,
      binding: bindingName,
      expressionIndex: index,
      validationActions: names,
    }
    request.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure]))
  }
  if (names.includes('Warn')) {
    request.warn(
      `Validation failed for ValidatingAdmissionPolicy '${policyName}' with binding '${bindingName}': ${message}`,
    )
  }
  return names.includes('Deny')
}

/** Notes of all bindings of a policy: different values under one key are joined. */
class Notes {
  readonly #values = new Map<string, Set<string>>()

  add(key: string, value: string): void {
    const values = this.#values.get(key) ?? new Set()
    this.#values.set(key, values.add(value.slice(0, annotationLengthMax)))
  }

  publish(request: AdmissionRequest): void {
    for (const [key, values] of this.#values) request.annotate?.(key, [...values].join(', '))
  }
}
