/** Expressions that say which questions a webhook is asked (apiserver authorization cel, v1.36); pure. */
import { perCallLimit } from '#spec/kubernetes/cel/cel-limits.ts'
import {
  boolType,
  type CelType,
  listType,
  mapType,
  type ObjectType,
  stringType,
} from '#spec/kubernetes/cel/cel-type.ts'
import { compileExpression, type Expression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import { type CelEnvironment, celEnvironment } from '#spec/kubernetes/cel/environment.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { objectAt } from '../api-object.ts'
import { joinedProblems } from './access.ts'

function objectType(name: string, fields: Readonly<Record<string, CelType>>): ObjectType {
  const named = Object.entries(fields).map(([field, type]) => [field, { name: field, type }] as const)
  return { kind: 'object', name: `kubernetes.${name}`, fields: new Map(named) }
}

const requirement = objectType('SelectorRequirement', {
  key: stringType,
  operator: stringType,
  values: listType(stringType),
})
const selector = { rawSelector: stringType, requirements: listType(requirement) }

/** The variable `request`: the spec of the review. */
const requestType = objectType('SubjectAccessReviewSpec', {
  resourceAttributes: objectType('ResourceAttributes', {
    namespace: stringType,
    verb: stringType,
    group: stringType,
    version: stringType,
    resource: stringType,
    subresource: stringType,
    name: stringType,
    fieldSelector: objectType('FieldSelectorAttributes', selector),
    labelSelector: objectType('LabelSelectorAttributes', selector),
  }),
  nonResourceAttributes: objectType('NonResourceAttributes', { path: stringType, verb: stringType }),
  user: stringType,
  groups: listType(stringType),
  extra: mapType(stringType, listType(stringType)),
  uid: stringType,
})

/** Compiles a condition. */
export function compileMatchCondition(text: string, environment: CelEnvironment): Expression {
  return compileExpression(text, environment, { result: [boolType] })
}

/** The environment of conditions. */
export function matchConditionEnvironment(): CelEnvironment {
  return celEnvironment({ variables: { request: requestType } })
}

const noTexts = { namespace: '', verb: '', group: '', version: '', resource: '', subresource: '', name: '' }

/** A spec as conditions see it: texts that reviews leave out are there and empty. */
function shown(spec: JsonObject): JsonObject {
  const { resourceAttributes, nonResourceAttributes } = spec
  return {
    user: '',
    uid: '',
    groups: [],
    extra: {},
    ...spec,
    ...(resourceAttributes === undefined
      ? {}
      : { resourceAttributes: { ...noTexts, ...objectAt(spec, 'resourceAttributes') } }),
    ...(nonResourceAttributes === undefined
      ? {}
      : { nonResourceAttributes: { path: '', verb: '', ...objectAt(spec, 'nonResourceAttributes') } }),
  }
}

/** Whether all conditions hold of a review's spec. One that does not decides; after that, failures are the answer. */
export function meetsMatchConditions(
  conditions: readonly Expression[],
  spec: JsonObject,
): boolean | { readonly error: string } {
  if (conditions.length === 0) return true
  const request = shown(spec)
  const problems: string[] = []
  for (const condition of conditions) {
    if ('problem' in condition) return { error: condition.problem }
    const outcome = condition.program.evaluate({ request }, { costLimit: perCallLimit, signal: undefined })
    if ('failure' in outcome) {
      const what = `cel evaluation error: expression '${condition.text}' resulted in error`
      problems.push(`${what}: ${outcome.failure.message}`)
    } else if (outcome.value === false) return false
  }
  return problems.length === 0 ? true : { error: joinedProblems(problems) }
}
