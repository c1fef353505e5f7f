/** The status controller of validating policies: tells in a policy's status which of its expressions cannot be meant so. */
import { customResourceDefinitions, validatingAdmissionPolicies } from '#clients/kubernetes/resources.table.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ValidatingAdmissionPolicy } from '#spec/kubernetes/objects/admissionregistration-v1.generated.ts'
import type { ControllerContext } from '../controller-context.ts'
import { checkPolicy, type FindKind, kindFinder } from './check-policy.ts'

/** The status of a policy; nothing when this state of it was looked at already. */
export function planPolicyStatus(policy: ValidatingAdmissionPolicy, find: FindKind): Plan {
  const observedGeneration = policy.metadata.generation ?? 0
  if (policy.status?.observedGeneration === observedGeneration) return nothingToDo
  const expressionWarnings = checkPolicy(policy, find)
  const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings }
  const object = { ...policy, status: { ...policy.status, observedGeneration, typeChecking } }
  return { subject: policy, status: { resource: validatingAdmissionPolicies, object } }
}

/** Starts the controller. */
export function startPolicyStatusController(context: ControllerContext): Controller {
  const policies = context.informers.of(validatingAdmissionPolicies)
  const definitions = context.informers.of(customResourceDefinitions)
  return createController(context, {
    name: 'validatingadmissionpolicy-status',
    watches: [watch(policies, ({ object }) => [keyOf(object)]), watch(definitions, () => [])],
    reconcile: (key) => {
      const policy = policies.get(key)
      return policy === undefined ? nothingToDo : planPolicyStatus(policy, kindFinder(definitions.list()))
    },
  })
}
