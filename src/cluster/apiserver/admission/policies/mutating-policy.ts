/** One mutating policy, compiled, and what its mutations make of an object (admission/plugin/policy/mutating, v1.36). */
import { applyJsonPatch, parseJsonPatch } from '#base/data/json-patch.ts'
import type { JsonValue } from '#base/data/json-value.ts'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { objectBudget } from '#spec/kubernetes/cel/cel-limits.ts'
import { CelList, isCelMap, type CelValue } from '#spec/kubernetes/cel/cel-value.ts'
import { celToJson } from '#spec/kubernetes/cel/read-json.ts'
import { isAtomic, kindOf, memberType, type MergeType } from '#spec/kubernetes/apply/merge-type.ts'
import { mergeValues } from '#spec/kubernetes/apply/merge-values.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../../api-object.ts'
import type { ServedResource } from '../../served-resource.ts'
import { admissionEnvironment, type ExpressionScope } from '#spec/kubernetes/cel/admission/admission-environment.ts'
import { compileConditions } from '../expressions/match-conditions.ts'
import { compileExpression, type Expression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import { Budget, OutOfBudget, runExpression } from '../expressions/run-expression.ts'
import {
  applyObjectType,
  findMutationType,
  jsonPatchListType,
  typeNameProblem,
} from '#spec/kubernetes/cel/admission/mutation-types.ts'
import { compileVariables, type PolicyVariables } from '#spec/kubernetes/cel/admission/compile-variables.ts'
import { declaredVariables, variableValues } from './policy-variables.ts'

/** One mutation: what it evaluates, and how the result changes the object. */
export interface CompiledMutation {
  readonly type: 'ApplyConfiguration' | 'JSONPatch'
  readonly expression: Expression
}

/** A compiled policy. */
export interface MutatingPolicy {
  readonly failurePolicy: string
  readonly mayRepeat: boolean
  readonly variables: PolicyVariables
  readonly conditions: readonly Expression[]
  readonly mutations: readonly CompiledMutation[]
}

/** Compiles a policy. What does not compile fails when it is evaluated. */
export function compileMutatingPolicy(policy: ApiObject): MutatingPolicy {
  const spec = objectAt(policy, 'spec')
  const scope: ExpressionScope = {
    hasParams: spec['paramKind'] !== undefined,
    hasAuthorizer: true,
    findType: findMutationType,
  }
  const variables = compileVariables(declaredVariables(policy), scope)
  const environment = admissionEnvironment({ ...scope, variables: variables.types })
  const mutation = (one: JsonObject): CompiledMutation => {
    if (textAt(one, 'patchType') === 'JSONPatch') {
      const text = textAt(one, 'jsonPatch', 'expression')
      return { type: 'JSONPatch', expression: compileExpression(text, environment, { result: [jsonPatchListType] }) }
    }
    const text = textAt(one, 'applyConfiguration', 'expression')
    return {
      type: 'ApplyConfiguration',
      expression: compileExpression(text, environment, { result: [applyObjectType] }),
    }
  }
  return {
    failurePolicy: textAt(spec, 'failurePolicy') || 'Fail',
    mayRepeat: textAt(spec, 'reinvocationPolicy') === 'IfNeeded',
    variables,
    conditions: compileConditions(listAt(spec, 'matchConditions'), environment),
    mutations: listAt(spec, 'mutations').map(mutation),
  }
}

/** Thrown when a mutation cannot be made; the message is what upstream says. */
export class MutationFailure extends Error {}

export interface MutationInput {
  readonly mutation: CompiledMutation
  readonly variables: PolicyVariables
  readonly request: Readonly<Record<string, unknown>>
  /** The object as the policy sees it, in the version of `as`. */
  readonly object: ApiObject
  readonly as: ServedResource
  readonly signal: AbortSignal | undefined
}

/** The object after one mutation, as a plain tree. @throws MutationFailure */
export function mutatedTree({ mutation, variables, request, object, as, signal }: MutationInput): JsonObject {
  const { expression, type } = mutation
  if ('problem' in expression) throw new MutationFailure(expression.problem)
  const budget = new Budget(objectBudget)
  const values = {
    ...request,
    object,
    variables: variableValues(variables, { ...request, object }, { budget, signal }),
  }
  const value = valueOf(expression, values, { budget, signal })
  return type === 'JSONPatch' ? afterJsonPatch(object, value) : afterApply(object, value, as.mergeType)
}

function valueOf(
  expression: Expression,
  values: Readonly<Record<string, unknown>>,
  how: { readonly budget: Budget; readonly signal: AbortSignal | undefined },
): CelValue {
  try {
    const outcome = runExpression(expression, values, how)
    if ('error' in outcome) throw new MutationFailure(outcome.error)
    return outcome.value
  } catch (error) {
    if (error instanceof OutOfBudget) throw new MutationFailure(error.message, { cause: error })
    throw error
  }
}

function checkNames(value: CelValue): void {
  const problem = typeNameProblem(value)
  if (problem !== undefined) throw new MutationFailure(`type mismatch: ${problem}`)
}

function afterApply(object: ApiObject, value: CelValue, mergeType: MergeType): JsonObject {
  checkNames(value)
  const { apiVersion, kind } = object
  const applied = { ...(toJson(value) as JsonObject), apiVersion, kind }
  const atomic = atomicPaths(applied, mergeType, '')
  if (atomic.length > 0) {
    throw new MutationFailure(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomic.join(', ')}`,
    )
  }
  return mergeValues(object, applied, mergeType) as JsonObject
}

/** Paths of what would be replaced as a whole: a policy that means to add to it would take away what it does not name. */
function atomicPaths(value: unknown, type: MergeType, path: string): readonly string[] {
  if (Array.isArray(value)) {
    const own = isAtomic(type, kindOf(type, value)) ? [path] : []
    const items = (value as readonly unknown[]).flatMap((item, index) =>
      type.element === undefined ? [] : atomicPaths(item, type.element, `${path}[${index}]`),
    )
    return [...own, ...items]
  }
  if (!isJsonObject(value)) return []
  const own = isAtomic(type, kindOf(type, value)) && type.kind !== 'deduced' ? [path] : []
  const members = Object.entries(value).flatMap(([name, member]) =>
    atomicPaths(member, memberType(type, name), `${path}.${name}`),
  )
  return [...own, ...members]
}

function toJson(value: CelValue): unknown {
  try {
    return celToJson(value)
  } catch (error) {
    throw new MutationFailure(
      `JSONPath valueExpression evaluated to a type that could not marshal to JSON: ${messageOf(error)}`,
      {
        cause: error,
      },
    )
  }
}

function afterJsonPatch(object: ApiObject, value: CelValue): JsonObject {
  if (!(value instanceof CelList))
    throw new MutationFailure('type mismatch: JSONPatchType.expression should evaluate to array')
  const operations = [...value].map(operationOf)
  try {
    return applyJsonPatch(
      object as unknown as JsonValue,
      parseJsonPatch(operations as JsonValue),
    ) as unknown as JsonObject
  } catch (error) {
    // A test that does not hold means that the patch is not for this object.
    if (isFailedTest(error)) return object as unknown as JsonObject
    throw new MutationFailure(`JSON Patch: ${messageOf(error)}`, { cause: error })
  }
}

const isFailedTest = (error: unknown): boolean =>
  error instanceof GantryError && error.code === 'DATA_PATCH_TEST_FAILED'

function operationOf(value: CelValue): JsonObject {
  if (!isCelMap(value))
    throw new MutationFailure('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch')
  const operation: Record<string, unknown> = {}
  for (const field of ['op', 'path', 'from']) {
    const text = value.find(field)
    if (text !== undefined) operation[field] = text
  }
  const given = value.find('value')
  if (given !== undefined) {
    checkAnywhere(given)
    operation['value'] = toJson(given)
  }
  return operation
}

/** A value of a patch may be any object; only what is inside it must be named by its place. */
function checkAnywhere(value: CelValue): void {
  const name = isCelMap(value) ? value.objectType?.name : undefined
  const problem = name === undefined ? undefined : typeNameProblem(value, name)
  if (problem !== undefined) throw new MutationFailure(`type mismatch: ${problem}`)
}
